#pragma once

#include <nats/nats.h>

#include <memory>

namespace kefu::bus {

/// Destroys the message, soon: nats.c frees messages on a thread of its own and wakes it for each, unless it
/// is given many at once. Any thread.
void discard(natsMsg* message) noexcept;

/// Destroys what nats.c made.
struct NatsDeleter {
  void operator()(natsMsg* message) const noexcept { discard(message); }
  void operator()(natsOptions* options) const noexcept { natsOptions_Destroy(options); }
  void operator()(natsSubscription* subscription) const noexcept { natsSubscription_Destroy(subscription); }
  void operator()(natsConnection* connection) const noexcept { natsConnection_Destroy(connection); }
};

using NatsMessagePtr = std::unique_ptr<natsMsg, NatsDeleter>;
using NatsOptionsPtr = std::unique_ptr<natsOptions, NatsDeleter>;
using NatsSubscriptionPtr = std::unique_ptr<natsSubscription, NatsDeleter>;
using NatsConnectionPtr = std::unique_ptr<natsConnection, NatsDeleter>;

}  // namespace kefu::bus
