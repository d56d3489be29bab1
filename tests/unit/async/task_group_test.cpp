#include <kefu/async/signal.hpp>
#include <kefu/async/task_group.hpp>
#include <kefu/testing/run_task.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace kefu {
namespace {

using namespace std::chrono_literals;

Task<void> wait_and_count(Signal& signal, int& finished) {
  co_await signal.wait();
  ++finished;
}
Task<void> throw_error() {
  co_await sleep_for(1ms);
  throw std::runtime_error("a bug");
}
Task<void> spawn_another(TaskGroup& group, Signal& signal, int& finished) {
  co_await signal.wait();
  group.spawn(wait_and_count(signal, finished));
  ++finished;
}
Task<bool> raise_until_joined(TaskGroup& group, Signal& signal) {
  while (group.running() != 0) {
    signal.raise();
    co_await sleep_for(1ms);
  }
  co_await group.join();
  co_return true;
}

TEST(TaskGroup, JoinReturnsWhenEveryTaskHasReturned) {
  asio::io_context io;
  TaskGroup group(io.get_executor(), {});
  Signal signal(io.get_executor());
  int finished = 0;
  for (int i = 0; i < 3; ++i) group.spawn(wait_and_count(signal, finished));
  EXPECT_EQ(group.running(), 3U);
  EXPECT_TRUE(testing::run_task(io, raise_until_joined(group, signal)));
  EXPECT_EQ(finished, 3);
}

TEST(TaskGroup, JoinWaitsForTasksThatTasksStarted) {
  asio::io_context io;
  TaskGroup group(io.get_executor(), {});
  Signal signal(io.get_executor());
  int finished = 0;
  group.spawn(spawn_another(group, signal, finished));
  EXPECT_TRUE(testing::run_task(io, raise_until_joined(group, signal)));
  EXPECT_EQ(finished, 2);
}

TEST(TaskGroup, AnExceptionIsReportedAndTheGroupGoesOn) {
  asio::io_context io;
  std::string reported;
  TaskGroup group(io.get_executor(), [&](std::exception_ptr exception) {
    try {
      std::rethrow_exception(exception);
    } catch (const std::exception& error) {
      reported = error.what();
    }
  });
  group.spawn(throw_error());
  testing::run_task(io, group.join());
  EXPECT_EQ(reported, "a bug");
  EXPECT_EQ(group.running(), 0U);
}

}  // namespace
}  // namespace kefu
