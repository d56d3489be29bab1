#pragma once

#include <kefu/async/signal.hpp>
#include <kefu/base/error.hpp>
#include <kefu/bus/message.hpp>

#include <cstddef>
#include <deque>
#include <utility>

namespace kefu::bus {

/// The messages of a feed that wait to be taken. Everything on one executor.
class FeedQueue {
 public:
  FeedQueue(asio::any_io_executor executor, std::size_t capacity)
      : capacity_(capacity), changed_(std::move(executor)) {}

  void deliver(Message message) {
    if (messages_.size() >= capacity_) return interrupt();
    messages_.push_back(std::move(message));
    changed_.raise();
  }
  /// Messages were lost at this point: next() says so after those that came before.
  void interrupt() {
    if (lost_) return;
    lost_ = true;
    changed_.raise();
  }

  /// Nothing more comes.
  void finish() {
    finished_ = true;
    changed_.raise();
  }

  Task<Result<Message>> next(Deadline deadline) {
    while (!ready()) {
      if (!co_await changed_.wait(deadline) && !ready()) {
        co_return fail(Errc::deadline_exceeded, "no message came in time");
      }
    }
    if (!messages_.empty()) {
      Message message = std::move(messages_.front());
      messages_.pop_front();
      co_return message;
    }
    if (!lost_) co_return fail(Errc::cancelled, "the feed was stopped");
    lost_ = false;
    co_return fail(Errc::overloaded, "messages were lost");
  }

 private:
  bool ready() const { return !messages_.empty() || lost_ || finished_; }

  std::size_t capacity_;
  std::deque<Message> messages_;
  bool lost_ = false;
  bool finished_ = false;
  Signal changed_;
};

}  // namespace kefu::bus
