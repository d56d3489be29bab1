#pragma once

#include <kefu/async/signal.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>

namespace kefu::provider {

/// Requests that may be open at one endpoint at once. How many, the endpoint says by its 429s: half as many
/// after one, and one more after as many successes as are open (additive increase, multiplicative decrease),
/// never more than at the beginning. Event loop only.
class Slots {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// Given back when it is destroyed.
  class Place {
   public:
    explicit Place(Slots& owner) : owner_(&owner) { ++owner.in_flight_; }
    Place(Place&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)) {}
    Place& operator=(Place&&) = delete;
    /// Those who are woken run after it is given back: a signal only posts.
    ~Place() {
      if (owner_ == nullptr) return;
      --owner_->in_flight_;
      owner_->freed_.raise();
    }

   private:
    Slots* owner_;
  };

  /// `freed` is raised for each place given back; it outlives this object.
  Slots(std::size_t most, Signal& freed);

  bool full() const { return in_flight_ >= limit(); }
  Place take() { return Place(*this); }
  std::size_t in_flight() const { return in_flight_; }
  std::size_t limit() const { return static_cast<std::size_t>(limit_); }

  void succeeded();
  /// By a 429, of a request sent at `sent`. Those that were under way together are one sign, not several.
  void refused(Time sent, Time now);

 private:
  double most_;
  double limit_;
  std::size_t in_flight_ = 0;
  Time halved_at_{};
  Signal& freed_;
};

}  // namespace kefu::provider
