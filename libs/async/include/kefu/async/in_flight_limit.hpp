#pragma once

#include <cstddef>
#include <optional>
#include <utility>

namespace kefu {

/// Counts work in progress and refuses more than a limit, at once. Not thread safe: one executor.
class InFlightLimit {
 public:
  explicit InFlightLimit(std::size_t limit) : limit_(limit) {}

  /// Gives its place back when destroyed.
  class Permit {
   public:
    explicit Permit(InFlightLimit& owner) : owner_(&owner) {}
    Permit(Permit&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)) {}
    Permit& operator=(Permit&&) = delete;
    ~Permit() {
      if (owner_ != nullptr) --owner_->in_flight_;
    }

   private:
    InFlightLimit* owner_;
  };

  std::optional<Permit> try_acquire() {
    if (in_flight_ >= limit_) return std::nullopt;
    ++in_flight_;
    return std::optional<Permit>(std::in_place, *this);
  }
  std::size_t in_flight() const { return in_flight_; }
  std::size_t limit() const { return limit_; }

 private:
  std::size_t limit_;
  std::size_t in_flight_ = 0;
};

}  // namespace kefu
