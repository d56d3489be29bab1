#include "nats_subscriptions.hpp"

#include "nats_message.hpp"

#include <utility>

namespace kefu::bus {

NatsServed::NatsServed(asio::any_io_executor executor, const ServeOptions& options, Handler handler,
                       Serving::Publish publish, TaskGroup::OnException on_exception,
                       std::function<void()> on_expired)
    : serving_(executor, options, std::move(handler), std::move(publish), std::move(on_exception),
               std::move(on_expired)),
      completion_(executor) {}

void NatsServed::received(NatsMessagePtr message, Clock::time_point arrived) {
  serving_.accept(from_nats(*message), arrived);
}

void NatsServed::completed() {
  completed_ = true;
  completion_.raise();
}

Task<void> NatsServed::finish() {
  // Comes within the timeouts of the connection even when the server is silent.
  while (!completed_) co_await completion_.wait();
  co_await serving_.join();
}

Task<void> NatsServedSubscription::drain() {
  subscribed_->drain();
  co_await target_->finish();
}

void NatsFeedTarget::received(NatsMessagePtr message, Clock::time_point) {
  queue_.deliver(from_nats(*message));
}

Task<Result<Message>> NatsFeed::next(Deadline deadline) {
  const auto target = target_;  // outlives this feed, should it be destroyed while it waits
  co_return co_await target->queue().next(deadline);
}

}  // namespace kefu::bus
