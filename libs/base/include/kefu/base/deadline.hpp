#pragma once

#include <algorithm>
#include <chrono>

namespace kefu {

/// The moment after which nobody waits for the result any more. It travels between hosts as the time that
/// remains (their clocks differ) and is held here as a point of the steady clock, so it ages in local queues.
class Deadline {
 public:
  using Clock = std::chrono::steady_clock;

  static Deadline in(Clock::duration remaining) { return Deadline{Clock::now() + remaining}; }
  static Deadline at(Clock::time_point when) { return Deadline{when}; }

  Clock::time_point time() const { return when_; }
  /// Never negative.
  Clock::duration remaining() const { return std::max(Clock::duration::zero(), when_ - Clock::now()); }
  bool passed() const { return Clock::now() >= when_; }
  /// The earlier of this and `limit` from now: for a step that must not use up all of the caller's time.
  Deadline at_most(Clock::duration limit) const { return Deadline{std::min(when_, Clock::now() + limit)}; }

 private:
  explicit Deadline(Clock::time_point when) : when_(when) {}
  Clock::time_point when_;
};

}  // namespace kefu
