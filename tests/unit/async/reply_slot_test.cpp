#include <kefu/async/reply_slot.hpp>
#include <kefu/testing/run_task.hpp>

#include <gtest/gtest.h>

namespace kefu {
namespace {

using namespace std::chrono_literals;

TEST(ReplySlot, GivesTheFirstDeliveryAndDropsLaterOnes) {
  asio::io_context io;
  ReplySlot<int> slot(io.get_executor(), Deadline::in(1min));
  slot.deliver(1);
  slot.deliver(2);
  EXPECT_EQ(testing::run_task(io, slot.wait()), 1);
}

TEST(ReplySlot, WakesTheOneWhoWaits) {
  asio::io_context io;
  ReplySlot<int> slot(io.get_executor(), Deadline::in(1min));
  asio::post(io, [&] { slot.deliver(fail(Errc::unavailable, "gone")); });
  EXPECT_EQ(testing::run_task(io, slot.wait()).error().code, Errc::unavailable);
}

TEST(ReplySlot, EndsAtTheDeadline) {
  asio::io_context io;
  ReplySlot<int> slot(io.get_executor(), Deadline::in(1ms));
  EXPECT_EQ(testing::run_task(io, slot.wait()).error().code, Errc::deadline_exceeded);
}

}  // namespace
}  // namespace kefu
