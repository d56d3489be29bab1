#include "watchdog.hpp"

#include <kefu/testing/run_task.hpp>

#include <gtest/gtest.h>

namespace kefu::http {
namespace {

using namespace std::chrono_literals;

class WatchdogTest : public ::testing::Test {
 protected:
  asio::io_context io_;
  int expired_ = 0;
  std::optional<Watchdog> watchdog_;
  void make(Deadline::Clock::duration nap) {
    watchdog_.emplace(io_.get_executor(), nap, [this] { ++expired_; });
  }
};

TEST_F(WatchdogTest, CallsOnceWhenTheTimeHasCome) {
  make(1h);
  watchdog_->arm(Deadline::in(10ms));
  io_.run();
  EXPECT_EQ(expired_, 1);
}

TEST_F(WatchdogTest, FollowsAnEarlierDeadline) {
  make(1h);
  watchdog_->arm(Deadline::in(1h));
  watchdog_->arm(Deadline::in(5ms));
  io_.run();
  EXPECT_EQ(expired_, 1);
}

TEST_F(WatchdogTest, FollowsALaterDeadlineThroughNaps) {
  make(1ms);
  const auto end = Deadline::Clock::now() + 30ms;
  watchdog_->arm(Deadline::in(2ms));
  watchdog_->arm(Deadline::at(end));
  io_.run();
  EXPECT_EQ(expired_, 1);
  EXPECT_GE(Deadline::Clock::now(), end);
}

TEST_F(WatchdogTest, IsSilentAfterDisarm) {
  make(1h);
  watchdog_->arm(Deadline::in(5ms));
  watchdog_->disarm();
  io_.run();
  EXPECT_EQ(expired_, 0);
}

TEST_F(WatchdogTest, IsSilentAfterItsEnd) {
  make(1h);
  watchdog_->arm(Deadline::in(-1ms));
  watchdog_.reset();
  io_.run();
  EXPECT_EQ(expired_, 0);
}

TEST_F(WatchdogTest, CanBeArmedAgainAfterItExpired) {
  make(1h);
  watchdog_->arm(Deadline::in(1ms));
  io_.run();
  watchdog_->arm(Deadline::in(1ms));
  io_.restart();
  io_.run();
  EXPECT_EQ(expired_, 2);
}

}  // namespace
}  // namespace kefu::http
