#include <kefu/async/signal.hpp>
#include <kefu/testing/run_task.hpp>

#include <gtest/gtest.h>

namespace kefu {
namespace {

using namespace std::chrono_literals;

Task<bool> wait_beside_a_raise(Signal& signal) {
  // The raise is posted now and runs when this coroutine waits.
  asio::post(co_await asio::this_coro::executor, [&signal] { signal.raise(); });
  co_return co_await signal.wait(Deadline::in(1min));
}

TEST(Signal, TellsARaiseFromADeadline) {
  asio::io_context io;
  Signal signal(io.get_executor());
  EXPECT_TRUE(testing::run_task(io, wait_beside_a_raise(signal)));
  EXPECT_FALSE(testing::run_task(io, signal.wait(Deadline::in(1ms))));
}

TEST(Signal, AFrameDestroyedWhileItWaitsLeavesNothingBehind) {
  Signal* leaked = nullptr;
  {
    asio::io_context io;
    leaked = new Signal(io.get_executor());
    asio::co_spawn(io, leaked->wait(), [](std::exception_ptr) {});
    io.poll();
  }
  leaked->raise();  // touches no timer of the frame that is gone
  delete leaked;
}

}  // namespace
}  // namespace kefu
