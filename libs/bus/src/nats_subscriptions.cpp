#include "nats_subscriptions.hpp"

#include "nats_message.hpp"
#include "protocol.hpp"

#include <utility>

namespace kefu::bus {

NatsServed::NatsServed(asio::any_io_executor executor, const ServeOptions& options, Handler handler,
                       Serving::Publish publish, TaskGroup::OnException on_exception,
                       std::function<void()> on_expired)
    : NatsTarget(2 * options.max_in_flight),
      serving_(executor, options, std::move(handler), std::move(publish), std::move(on_exception),
               std::move(on_expired)),
      completion_(executor) {}

void NatsServed::received(NatsMessagePtr message, Clock::time_point arrived) {
  serving_.accept(from_nats(*message), arrived);
}

void NatsServed::refused(natsConnection* connection, natsMsg& message) noexcept {
  const char* reply_to = natsMsg_GetReply(&message);
  if (reply_to == nullptr) return;
  const auto reply =
      to_nats(make_error_reply(reply_to, {Errc::overloaded, "too many requests wait to be worked on"}));
  if (reply) natsConnection_PublishMsg(connection, reply->get());
}

void NatsServed::completed() {
  completed_ = true;
  completion_.raise();
}

Task<void> NatsServed::finish() {
  // nats.c ends the subscription within its drain timeout even when the server is silent.
  while (!completed_) co_await completion_.wait();
  co_await serving_.join();
}

Task<void> NatsServedSubscription::drain() {
  subscribed_->drain();
  co_await target_->finish();
}

NatsFeedTarget::NatsFeedTarget(asio::any_io_executor executor, std::size_t capacity)
    : NatsTarget(capacity), queue_(std::move(executor), capacity) {}

void NatsFeedTarget::received(NatsMessagePtr message, Clock::time_point) {
  queue_.deliver(from_nats(*message));
  // Those dropped came after the ones that wait, and at least one of these is still to be received.
  if (dropped_.exchange(false)) queue_.interrupt();
}

Task<Result<Message>> NatsFeed::next(Deadline deadline) {
  const auto target = target_;  // outlives this feed, should it be destroyed while it waits
  co_return co_await target->queue().next(deadline);
}

}  // namespace kefu::bus
