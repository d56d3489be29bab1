#include <kefu/async/signal.hpp>
#include <kefu/testing/run_task.hpp>

#include <gtest/gtest.h>

namespace kefu {
namespace {

using namespace std::chrono_literals;

TEST(Signal, TellsARaiseFromADeadline) {
  asio::io_context io;
  Signal signal(io.get_executor());
  asio::post(io, [&] { signal.raise(); });
  EXPECT_TRUE(testing::run_task(io, signal.wait(Deadline::in(1min))));
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
