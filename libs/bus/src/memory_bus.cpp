#include "feed_queue.hpp"
#include "memory_state.hpp"
#include "memory_streams.hpp"
#include "protocol.hpp"
#include "serving.hpp"

#include <kefu/bus/memory_bus.hpp>

#include <boost/asio/post.hpp>

#include <utility>

namespace kefu::bus {
namespace {

using StatePtr = std::shared_ptr<MemoryBroker::State>;

class MemoryServed final : public MemoryTarget {
 public:
  MemoryServed(const StatePtr& state, const ServeOptions& options, Handler handler)
      : serving_(
            state->executor(), options, std::move(handler),
            [broker = state.get()](Message message) { return broker->publish(std::move(message)); },
            [](std::exception_ptr exception) { std::rethrow_exception(exception); }, {}) {}
  void received(Message message, std::chrono::steady_clock::time_point arrived) override {
    serving_.accept(std::move(message), arrived);
  }
  Task<void> join() { return serving_.join(); }

 private:
  Serving serving_;
};

class MemorySubscription final : public Subscription {
 public:
  MemorySubscription(StatePtr state, std::shared_ptr<MemoryServed> target)
      : state_(std::move(state)), target_(std::move(target)) {}
  ~MemorySubscription() override { state_->unsubscribe(target_.get()); }
  Task<void> drain() override {
    state_->unsubscribe(target_.get());
    co_await asio::post(state_->executor(), asio::use_awaitable);  // behind what is on its way
    co_await target_->join();
  }

 private:
  StatePtr state_;
  std::shared_ptr<MemoryServed> target_;
};

class MemoryFeedTarget final : public MemoryTarget {
 public:
  MemoryFeedTarget(const asio::any_io_executor& executor, std::size_t capacity)
      : queue_(executor, capacity) {}
  void received(Message message, std::chrono::steady_clock::time_point) override {
    queue_.deliver(std::move(message));
  }
  void interrupted() override { queue_.interrupt(); }
  FeedQueue& queue() { return queue_; }

 private:
  FeedQueue queue_;
};

class MemoryFeed final : public Feed {
 public:
  MemoryFeed(StatePtr state, std::shared_ptr<MemoryFeedTarget> target)
      : state_(std::move(state)), target_(std::move(target)) {}
  ~MemoryFeed() override { state_->unsubscribe(target_.get()); }
  Task<Result<Message>> next(Deadline deadline) override {
    const auto target = target_;
    co_return co_await target->queue().next(deadline);
  }
  void stop() override {
    state_->unsubscribe(target_.get());
    asio::post(state_->executor(), [target = target_] { target->queue().finish(); });
  }

 private:
  StatePtr state_;
  std::shared_ptr<MemoryFeedTarget> target_;
};

class MemoryReplyStream final : public ReplyStream {
 public:
  MemoryReplyStream(StatePtr state, Deadline deadline, std::size_t capacity)
      : state_(std::move(state)),
        replies_(std::make_shared<ReplyQueue>(state_->executor(), deadline, capacity)),
        inbox_(state_->open_inbox(replies_)) {}
  ~MemoryReplyStream() override { state_->close_inbox(inbox_); }
  const std::string& inbox() const { return inbox_; }
  Task<Result<Item>> next() override { return replies_->next(); }

 private:
  StatePtr state_;
  std::shared_ptr<ReplyQueue> replies_;
  std::string inbox_;
};

class MemoryBus final : public MessageBus {
 public:
  explicit MemoryBus(StatePtr state) : state_(std::move(state)) {}

  bool connected() const override { return state_->connected(); }

  Task<Result<Message>> request(RequestContext context, Message message) override {
    KEFU_CO_TRY(const auto replies, request_stream(std::move(context), std::move(message), 1));
    KEFU_CO_TRY(auto item, co_await replies->next());
    co_return std::move(item.message);
  }

  Result<std::unique_ptr<ReplyStream>> request_stream(RequestContext context, Message message,
                                                      std::size_t capacity) override {
    auto replies = std::make_unique<MemoryReplyStream>(state_, context.deadline, capacity);
    if (!message.plain) add_context(context, message);
    message.reply_to = replies->inbox();
    KEFU_CHECK(state_->publish(std::move(message)));
    return replies;
  }

  Result<> publish(Message message) override { return state_->publish(std::move(message)); }

  Result<std::unique_ptr<Subscription>> serve(ServeOptions options, Handler handler) override {
    auto target = std::make_shared<MemoryServed>(state_, options, std::move(handler));
    state_->subscribe(std::move(options.subject), std::move(options.queue_group), target);
    return std::make_unique<MemorySubscription>(state_, std::move(target));
  }

  Result<std::unique_ptr<Feed>> subscribe(std::string subject, std::size_t capacity) override {
    auto target = std::make_shared<MemoryFeedTarget>(state_->executor(), capacity);
    state_->subscribe(std::move(subject), "", target);
    return std::make_unique<MemoryFeed>(state_, std::move(target));
  }

 private:
  StatePtr state_;
};

}  // namespace

MemoryBroker::MemoryBroker(asio::any_io_executor executor)
    : state_(std::make_shared<State>(std::move(executor))) {}
MemoryBroker::~MemoryBroker() = default;

std::unique_ptr<MessageBus> MemoryBroker::connect() { return std::make_unique<MemoryBus>(state_); }
std::unique_ptr<StreamStore> MemoryBroker::stream_store() { return make_memory_store(state_); }
std::unique_ptr<StreamReader> MemoryBroker::stream_reader() { return make_memory_reader(state_); }
std::unique_ptr<KeyValueBucket> MemoryBroker::bucket(std::string name) {
  return make_memory_bucket(state_, std::move(name));
}
void MemoryBroker::set_connected(bool connected) { state_->set_connected(connected); }

}  // namespace kefu::bus
