#pragma once

#include <kefu/async/task.hpp>
#include <kefu/base/deadline.hpp>
#include <kefu/base/error.hpp>

#include <boost/asio/steady_timer.hpp>

#include <optional>
#include <utility>

namespace kefu {

/// A value that somebody delivers once and one coroutine awaits until a deadline.
/// Both sides run on the executor given; a callback of another thread must post first.
template <class T>
class ReplySlot {
 public:
  ReplySlot(const asio::any_io_executor& executor, Deadline deadline) : timer_(executor, deadline.time()) {}

  /// The first delivery counts, later ones are dropped.
  void deliver(Result<T> value) {
    if (value_) return;
    value_.emplace(std::move(value));
    timer_.cancel();
  }
  bool delivered() const { return value_.has_value(); }

  /// The value delivered, or `deadline_exceeded`.
  Task<Result<T>> wait() {
    if (!value_) co_await timer_.async_wait(kAsTuple);
    if (value_) co_return std::move(*value_);
    co_return fail(Errc::deadline_exceeded, "the deadline passed before a reply came");
  }

 private:
  asio::steady_timer timer_;
  std::optional<Result<T>> value_;
};

}  // namespace kefu
