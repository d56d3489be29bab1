#include <kefu/async/task_group.hpp>

#include <boost/asio/co_spawn.hpp>

#include <cassert>
#include <utility>

namespace kefu {

TaskGroup::TaskGroup(asio::any_io_executor executor, OnException on_exception)
    : executor_(std::move(executor)),
      on_exception_(std::move(on_exception)),
      idle_(executor_, asio::steady_timer::time_point::max()) {}

TaskGroup::~TaskGroup() { assert(running_ == 0 && "join() the group before it is destroyed"); }

void TaskGroup::spawn(Task<void> task) {
  ++running_;
  asio::co_spawn(executor_, std::move(task), [this](std::exception_ptr exception) { finished(exception); });
}

void TaskGroup::finished(std::exception_ptr exception) {
  if (exception && on_exception_) on_exception_(exception);
  if (--running_ == 0) idle_.cancel();
}

Task<void> TaskGroup::join() {
  while (running_ != 0) co_await idle_.async_wait(kAsTuple);
}

}  // namespace kefu
