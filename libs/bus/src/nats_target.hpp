#pragma once

#include "nats_handles.hpp"

#include <chrono>

namespace kefu::bus {

/// Where the messages of one subscription go. Everything on the executor.
class NatsTarget {
 public:
  using Clock = std::chrono::steady_clock;

  NatsTarget() = default;
  virtual ~NatsTarget() = default;
  NatsTarget(const NatsTarget&) = delete;
  NatsTarget& operator=(const NatsTarget&) = delete;

  /// `arrived`: when it was read.
  virtual void received(NatsMessagePtr message, Clock::time_point arrived) = 0;
  /// In place of a message: the server says that nobody serves the request.
  virtual void unserved() {}
  /// After the last message: the subscription is no more.
  virtual void completed() {}
};

}  // namespace kefu::bus
