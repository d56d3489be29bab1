#include "nats_connection.hpp"
#include "nats_requests.hpp"
#include "nats_subscriptions.hpp"
#include "protocol.hpp"

#include <kefu/async/reply_slot.hpp>
#include <kefu/async/signal.hpp>
#include <kefu/bus/nats_bus.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace kefu::bus {

/// Thread: the executor.
class NatsBus::Impl {
 public:
  Impl(asio::any_io_executor executor, NatsOptions options, std::function<void(bool)> on_connection_change)
      : executor_(executor),
        on_handler_exception_(options.on_handler_exception),
        on_expired_request_(options.on_expired_request),
        on_connection_change_(std::move(on_connection_change)),
        mailbox_(std::make_shared<NatsMailbox>(executor)),
        changed_(executor),
        connection_(executor, mailbox_, std::move(options)),
        requests_(std::make_shared<NatsRequests>(executor, connection_)) {}

  void shut() {
    mailbox_->close();
    connection_.leave();
  }
  bool connected() const { return connection_.connected(); }

  Result<> start() {
    return connection_.open([this](bool connected) { change(connected); });
  }

  Task<Result<>> wait_connected(Deadline deadline) {
    while (!connected()) {
      if (!co_await changed_.wait(deadline) && !connected()) {
        co_return fail(Errc::deadline_exceeded, "no connection to NATS in time");
      }
    }
    co_return Result<>();
  }

  Task<void> drain(Deadline deadline) {
    requests_->stop();
    ReplySlot<bool> closed(executor_, Deadline::at(Deadline::Clock::time_point::max()));
    // nats.c ends its own waits: for the flush at the deadline, for a connection attempt after its timeout.
    connection_.close(deadline, [&closed] { closed.deliver(true); });
    co_await closed.wait();
  }

  Task<Result<>> flush(Deadline deadline) {
    // Shared with the callback, which comes even when the caller has given up.
    const auto flushed = std::make_shared<ReplySlot<bool>>(executor_, deadline);
    connection_.flush(deadline, [flushed](Result<> result) {
      flushed->deliver(result ? Result<bool>(true)
                              : Result<bool>(std::unexpected(std::move(result).error())));
    });
    KEFU_CO_CHECK(co_await flushed->wait());
    co_return Result<>{};
  }

  Result<> publish(const Message& message) { return connection_.publish(message); }

  Result<std::shared_ptr<NatsInbox>> send(const RequestContext& context, Message message,
                                          std::size_t capacity) {
    if (!connected()) return fail(Errc::unavailable, "the message bus is not reachable");
    KEFU_TRY(auto inbox, requests_->open(context.deadline, capacity));
    if (!message.plain) add_context(context, message);
    message.reply_to = inbox->reply_subject();
    if (auto sent = connection_.publish(message); !sent) {
      requests_->close(*inbox);
      return std::unexpected(std::move(sent).error());
    }
    return inbox;
  }

  const std::shared_ptr<NatsRequests>& requests() const { return requests_; }

  Result<std::unique_ptr<Subscription>> serve(ServeOptions options, Handler handler) {
    auto publish = [this](const Message& message) { return connection_.publish(message); };
    auto target = std::make_shared<NatsServed>(executor_, options, std::move(handler), std::move(publish),
                                               on_handler_exception_, on_expired_request_);
    KEFU_TRY(auto subscribed, connection_.subscribe(options.subject, options.queue_group, target));
    return std::make_unique<NatsServedSubscription>(std::move(target), std::move(subscribed));
  }

  Result<std::unique_ptr<Feed>> subscribe(const std::string& subject, std::size_t capacity) {
    auto target = std::make_shared<NatsFeedTarget>(executor_, capacity);
    KEFU_TRY(auto subscribed, connection_.subscribe(subject, "", target));
    std::erase_if(feeds_, [](const auto& feed) { return feed.expired(); });
    feeds_.push_back(target);
    return std::make_unique<NatsFeed>(std::move(target), std::move(subscribed));
  }

 private:
  void change(bool connected) {
    if (!connected) {
      requests_->fail_all({Errc::unavailable, "the connection to the message bus was lost"});
      for (const auto& weak : feeds_) {
        if (const auto feed = weak.lock()) feed->queue().interrupt();
      }
    }
    changed_.raise();
    if (on_connection_change_) on_connection_change_(connected);
  }

  asio::any_io_executor executor_;
  TaskGroup::OnException on_handler_exception_;
  std::function<void()> on_expired_request_;
  std::function<void(bool)> on_connection_change_;
  std::shared_ptr<NatsMailbox> mailbox_;
  std::vector<std::weak_ptr<NatsFeedTarget>> feeds_;
  Signal changed_;
  NatsConnection connection_;
  std::shared_ptr<NatsRequests> requests_;
};

namespace {

/// Closes its request when the caller is done with it.
class NatsReplyStream final : public ReplyStream {
 public:
  NatsReplyStream(std::shared_ptr<NatsRequests> requests, std::shared_ptr<NatsInbox> inbox)
      : requests_(std::move(requests)), inbox_(std::move(inbox)) {}
  ~NatsReplyStream() override { requests_->close(*inbox_); }
  Task<Result<Item>> next() override { return inbox_->replies()->next(); }

 private:
  std::shared_ptr<NatsRequests> requests_;
  std::shared_ptr<NatsInbox> inbox_;
};

}  // namespace

NatsBus::NatsBus(asio::any_io_executor executor, NatsOptions options,
                 std::function<void(bool)> on_connection_change)
    : impl_(
          std::make_shared<Impl>(std::move(executor), std::move(options), std::move(on_connection_change))) {}

NatsBus::~NatsBus() { impl_->shut(); }

Result<> NatsBus::start() { return impl_->start(); }
Task<Result<>> NatsBus::wait_connected(Deadline deadline) { return impl_->wait_connected(deadline); }
Task<Result<>> NatsBus::flush(Deadline deadline) { return impl_->flush(deadline); }
Task<void> NatsBus::drain(Deadline deadline) { return impl_->drain(deadline); }
bool NatsBus::connected() const { return impl_->connected(); }
Result<> NatsBus::publish(Message message) { return impl_->publish(message); }

Result<std::unique_ptr<ReplyStream>> NatsBus::request_stream(RequestContext context, Message message,
                                                             std::size_t capacity) {
  KEFU_TRY(auto inbox, impl_->send(context, std::move(message), capacity));
  return std::make_unique<NatsReplyStream>(impl_->requests(), std::move(inbox));
}

Task<Result<Message>> NatsBus::request(RequestContext context, Message message) {
  KEFU_CO_TRY(const auto replies, request_stream(std::move(context), std::move(message), 1));
  KEFU_CO_TRY(auto item, co_await replies->next());
  co_return std::move(item.message);
}

Result<std::unique_ptr<Subscription>> NatsBus::serve(ServeOptions options, Handler handler) {
  return impl_->serve(std::move(options), std::move(handler));
}

Result<std::unique_ptr<Feed>> NatsBus::subscribe(std::string subject, std::size_t capacity) {
  return impl_->subscribe(subject, capacity);
}

}  // namespace kefu::bus
