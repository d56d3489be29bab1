#pragma once

#include "memory_stream.hpp"
#include "reply_queue.hpp"

#include <kefu/async/signal.hpp>
#include <kefu/bus/memory_bus.hpp>

#include <chrono>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace kefu::bus {

/// Where a MemoryBroker delivers messages to.
class MemoryTarget {
 public:
  virtual ~MemoryTarget() = default;
  virtual void received(Message message, std::chrono::steady_clock::time_point arrived) = 0;
  /// The connection was lost.
  virtual void interrupted() {}
};

/// All that one broker holds. Everything on its executor.
class MemoryBroker::State {
 public:
  explicit State(asio::any_io_executor executor) : executor_(executor), changed_(std::move(executor)) {}

  const asio::any_io_executor& executor() const { return executor_; }
  bool connected() const { return connected_; }
  void set_connected(bool connected);
  /// `unavailable` unless connected.
  Result<> check() const;

  Result<> publish(Message message);
  void subscribe(std::string pattern, std::string queue_group, std::shared_ptr<MemoryTarget> target);
  /// Messages on their way still arrive.
  void unsubscribe(const MemoryTarget* target);

  /// Where the replies to a request go.
  std::string open_inbox(std::shared_ptr<ReplyQueue> replies);
  void close_inbox(const std::string& subject) { inboxes_.erase(subject); }

  std::map<std::string, MemoryStream>& streams() { return streams_; }
  Result<MemoryStream*> stream(const std::string& name);
  /// Raised whenever a stream or the connection changes.
  Signal& changed() { return changed_; }
  Result<std::uint64_t> append(MemoryStream& stream, const Message& message,
                               std::optional<std::uint64_t> expected_last = {});

 private:
  struct Subscribed {
    std::string pattern;
    std::string queue_group;
    std::shared_ptr<MemoryTarget> target;
  };
  bool deliver(const Message& message);
  void post(std::shared_ptr<MemoryTarget> target, Message message);

  asio::any_io_executor executor_;
  bool connected_ = true;
  std::list<Subscribed> subscriptions_;  // the members of a queue group take turns by moving to the end
  std::map<std::string, std::shared_ptr<ReplyQueue>> inboxes_;
  std::uint64_t last_inbox_ = 0;
  std::map<std::string, MemoryStream> streams_;
  Signal changed_;
};

}  // namespace kefu::bus
