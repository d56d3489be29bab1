#pragma once

#include "nats_handles.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>

namespace kefu::bus {

/// Where the messages of one subscription go. Shared by its owner and the callbacks of nats.c, which may run
/// late.
class NatsTarget {
 public:
  using Clock = std::chrono::steady_clock;

  /// At most `limit` messages wait for the executor, the next ones are refused.
  explicit NatsTarget(std::size_t limit) : limit_(limit) {}
  virtual ~NatsTarget() = default;
  NatsTarget(const NatsTarget&) = delete;
  NatsTarget& operator=(const NatsTarget&) = delete;

  /// On the executor. `arrived`: when nats.c handed it over; time spent waiting counts.
  virtual void received(NatsMessagePtr message, Clock::time_point arrived) = 0;
  /// On a thread of nats.c: a message that is dropped because too many wait.
  virtual void refused(natsConnection* connection, natsMsg& message) noexcept = 0;
  /// On the executor, after the last message: the subscription is no more.
  virtual void completed() {}

  bool try_enter() {
    if (waiting_.fetch_add(1) < limit_) return true;
    waiting_.fetch_sub(1);
    return false;
  }
  void leave() { waiting_.fetch_sub(1); }

 private:
  const std::size_t limit_;
  std::atomic<std::size_t> waiting_ = 0;
};

}  // namespace kefu::bus
