#pragma once

#include <kefu/async/task.hpp>
#include <kefu/base/deadline.hpp>

#include <boost/asio/steady_timer.hpp>

#include <list>
#include <memory>

namespace kefu {

/// Wakes every coroutine that waits at the moment it is raised. Nothing is remembered, so a waiter checks
/// the state that it waits for before it waits. Everything runs on the executor given.
class Signal {
 public:
  explicit Signal(asio::any_io_executor executor) : executor_(std::move(executor)) {}

  void raise();

  /// True when raised, false when the deadline passed first.
  Task<bool> wait(Deadline deadline);
  /// Waits without a deadline: only for loops that their owner's stop also raises.
  Task<void> wait();

 private:
  using Waiting = std::list<asio::steady_timer*>;

  asio::any_io_executor executor_;
  std::shared_ptr<Waiting> waiting_ = std::make_shared<Waiting>();  // shared with the frames that wait
};

/// Sleeps for `duration`.
Task<void> sleep_for(std::chrono::steady_clock::duration duration);

}  // namespace kefu
