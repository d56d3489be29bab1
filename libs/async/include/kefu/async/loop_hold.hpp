#pragma once

#include <kefu/async/task.hpp>

#include <boost/asio/executor_work_guard.hpp>

namespace kefu {

class LoopThreads;

/// Held by another thread that will post to an event loop: meanwhile the loop's run() does not return, and
/// its destructor waits. Any thread.
class LoopHold {
 public:
  explicit LoopHold(const asio::any_io_executor& executor);
  LoopHold(LoopHold&& other) noexcept;
  LoopHold& operator=(LoopHold&&) = delete;
  ~LoopHold();

  asio::any_io_executor executor() const { return guard_.get_executor(); }

 private:
  LoopThreads* threads_;  // of the loop; null once moved from
  asio::executor_work_guard<asio::any_io_executor> guard_;
};

}  // namespace kefu
