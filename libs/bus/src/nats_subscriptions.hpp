#pragma once

#include "feed_queue.hpp"
#include "nats_connection.hpp"
#include "nats_target.hpp"
#include "serving.hpp"

#include <kefu/bus/message_bus.hpp>

#include <functional>
#include <memory>

namespace kefu::bus {

/// Messages of a served subject on their way to its handler.
class NatsServed final : public NatsTarget {
 public:
  NatsServed(asio::any_io_executor executor, const ServeOptions& options, Handler handler,
             Serving::Publish publish, TaskGroup::OnException on_exception, std::function<void()> on_expired);
  void received(NatsMessagePtr message, Clock::time_point arrived) override;
  void completed() override;
  /// Returns when no message comes any more and all that came have been answered.
  Task<void> finish();

 private:
  Serving serving_;
  bool completed_ = false;
  Signal completion_;
};

class NatsServedSubscription final : public Subscription {
 public:
  NatsServedSubscription(std::shared_ptr<NatsServed> target, std::unique_ptr<NatsSubscribed> subscribed)
      : target_(std::move(target)), subscribed_(std::move(subscribed)) {}
  Task<void> drain() override;

 private:
  std::shared_ptr<NatsServed> target_;
  std::unique_ptr<NatsSubscribed> subscribed_;
};

class NatsFeedTarget final : public NatsTarget {
 public:
  NatsFeedTarget(asio::any_io_executor executor, std::size_t capacity)
      : queue_(std::move(executor), capacity) {}
  void received(NatsMessagePtr message, Clock::time_point arrived) override;
  void completed() override { queue_.finish(); }
  FeedQueue& queue() { return queue_; }

 private:
  FeedQueue queue_;
};

class NatsFeed final : public Feed {
 public:
  NatsFeed(std::shared_ptr<NatsFeedTarget> target, std::unique_ptr<NatsSubscribed> subscribed)
      : target_(std::move(target)), subscribed_(std::move(subscribed)) {}
  Task<Result<Message>> next(Deadline deadline) override;
  void stop() override { subscribed_->drain(); }

 private:
  std::shared_ptr<NatsFeedTarget> target_;
  std::unique_ptr<NatsSubscribed> subscribed_;
};

}  // namespace kefu::bus
