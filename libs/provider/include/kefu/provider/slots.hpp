#pragma once

#include <kefu/async/in_flight_limit.hpp>
#include <kefu/async/signal.hpp>
#include <kefu/async/task.hpp>
#include <kefu/base/deadline.hpp>
#include <kefu/base/error.hpp>

#include <cstddef>
#include <utility>

namespace kefu::provider {

/// Requests that may be open at a provider at once; a few more wait for a place, and the others are refused.
/// Event loop only.
class Slots {
 public:
  struct Limits {
    std::size_t in_flight = 16;
    std::size_t waiting = 64;
  };
  class Place {
   public:
    Place(InFlightLimit::Permit permit, Signal& freed) : permit_(std::move(permit)), freed_(&freed) {}
    Place(Place&& other) noexcept
        : permit_(std::move(other.permit_)), freed_(std::exchange(other.freed_, nullptr)) {}
    Place& operator=(Place&&) = delete;
    /// Those who are woken run after the permit is back: a signal only posts.
    ~Place() {
      if (freed_ != nullptr) freed_->raise();
    }

   private:
    InFlightLimit::Permit permit_;
    Signal* freed_;
  };

  Slots(asio::any_io_executor executor, Limits limits)
      : limits_(limits), in_flight_(limits.in_flight), freed_(std::move(executor)) {}

  /// Errors, whose messages continue "the language model ...": `overloaded` (as many wait already),
  /// `deadline_exceeded`.
  Task<Result<Place>> acquire(Deadline deadline);
  std::size_t in_flight() const { return in_flight_.in_flight(); }

 private:
  Limits limits_;
  InFlightLimit in_flight_;
  Signal freed_;
  std::size_t waiting_ = 0;
};

}  // namespace kefu::provider
