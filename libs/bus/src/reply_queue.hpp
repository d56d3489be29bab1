#pragma once

#include <kefu/base/deadline.hpp>
#include <kefu/bus/message_bus.hpp>

#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

namespace kefu::bus {

/// The replies to one request that wait to be taken, by one coroutine. Everything on one executor.
class ReplyQueue {
 public:
  ReplyQueue(const asio::any_io_executor& executor, Deadline deadline, std::size_t capacity)
      : timer_(executor, deadline.time()), capacity_(capacity) {}

  /// An error ends the replies after those that wait already.
  void deliver(Result<ReplyStream::Item> item) {
    if (error_) return;
    if (!item) {
      error_ = std::move(item).error();
    } else if (items_.size() >= capacity_) {
      error_ = Error{Errc::overloaded, "replies came faster than they were taken"};
    } else {
      items_.push_back(*std::move(item));
    }
    timer_.cancel();
  }

  Task<Result<ReplyStream::Item>> next() {
    if (items_.empty() && !error_) co_await timer_.async_wait(kAsTuple);
    if (!items_.empty()) {
      ReplyStream::Item item = std::move(items_.front());
      items_.pop_front();
      co_return item;
    }
    if (error_) co_return std::unexpected(*error_);
    co_return fail(Errc::deadline_exceeded, "the deadline passed before a reply came");
  }

 private:
  asio::steady_timer timer_;  // at the deadline; cancelled by each delivery
  std::size_t capacity_;
  std::deque<ReplyStream::Item> items_;
  std::optional<Error> error_;
};

}  // namespace kefu::bus
