#pragma once

#include <chrono>

namespace kefu::provider {

/// Leaves a provider alone that fails: after some failures in a row nothing is sent for a while, then one
/// request tries whether it is back. No clock of its own, no I/O: who asks says what time it is.
class Breaker {
 public:
  using Time = std::chrono::steady_clock::time_point;
  enum class State { closed, half_open, open };
  struct Options {
    unsigned failures = 5;  ///< in a row
    std::chrono::milliseconds open_for{5000};
  };

  explicit Breaker(Options options) : options_(options) {}

  /// Whether admit() would let a request through.
  bool admits(Time now) const;
  /// Whether a request may go out. Whoever was let through says by exactly one of the following how it went.
  bool admit(Time now);
  void succeeded();
  void failed(Time now);
  /// It says nothing about the provider.
  void undecided();

  State state() const { return state_; }
  /// When a request may try again; only while open.
  Time retry_at() const { return retry_at_; }

 private:
  void open(Time now);

  Options options_;
  State state_ = State::closed;
  unsigned failures_ = 0;
  bool trying_ = false;  // the one request of half_open is under way
  Time retry_at_{};
};

}  // namespace kefu::provider
