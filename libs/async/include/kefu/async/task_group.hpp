#pragma once

#include <kefu/async/task.hpp>

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>

namespace kefu {

/// Owns tasks that run beside the one that started them, so that none is ever detached.
/// Thread: everything, destruction included, happens on the executor given.
/// Lifetime: join() must have returned before the group is destroyed.
class TaskGroup {
 public:
  /// Called when a task ends by an exception: those are bugs, and are reported rather than swallowed.
  using OnException = std::function<void(std::exception_ptr)>;

  TaskGroup(asio::any_io_executor executor, OnException on_exception);
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  /// Starts a task. It runs until it returns; there is no cancellation but its own deadline or stop signal.
  void spawn(Task<void> task);
  std::size_t running() const { return running_; }
  /// Returns when no task is running any more.
  Task<void> join();

 private:
  void finished(std::exception_ptr exception);

  asio::any_io_executor executor_;
  OnException on_exception_;
  std::size_t running_ = 0;
  asio::steady_timer idle_;  // cancelled whenever running_ reaches zero
};

}  // namespace kefu
