#include <kefu/provider/breaker.hpp>

#include <gtest/gtest.h>

namespace kefu::provider {
namespace {

using namespace std::chrono_literals;
using State = Breaker::State;

class BreakerTest : public ::testing::Test {
 protected:
  void fail_times(int times) {
    for (int i = 0; i < times; ++i) {
      ASSERT_TRUE(breaker.admit(now));
      breaker.failed(now);
    }
  }

  Breaker breaker{{.failures = 3, .open_for = 5s}};
  Breaker::Time now{1h};
};

TEST_F(BreakerTest, OpensAfterSoManyFailuresInARow) {
  fail_times(2);
  EXPECT_EQ(breaker.state(), State::closed);
  fail_times(1);
  EXPECT_EQ(breaker.state(), State::open);
  EXPECT_FALSE(breaker.admit(now));
  EXPECT_FALSE(breaker.admit(now + 5s - 1ns));
  EXPECT_EQ(breaker.retry_at(), now + 5s);
}

TEST_F(BreakerTest, StaysClosedWhereSuccessesComeInBetween) {
  for (int i = 0; i < 10; ++i) {
    fail_times(2);
    ASSERT_TRUE(breaker.admit(now));
    breaker.succeeded();
  }
  EXPECT_EQ(breaker.state(), State::closed);
}

TEST_F(BreakerTest, LetsOneRequestTryAfterItsTimeAndClosesWhenThatSucceeds) {
  fail_times(3);
  now += 5s;
  EXPECT_TRUE(breaker.admit(now));
  EXPECT_EQ(breaker.state(), State::half_open);
  EXPECT_FALSE(breaker.admit(now));
  breaker.succeeded();
  EXPECT_EQ(breaker.state(), State::closed);
  EXPECT_TRUE(breaker.admit(now));
  fail_times(2);
  EXPECT_EQ(breaker.state(), State::closed);  // the failures of before are forgotten
}

TEST_F(BreakerTest, OpensAgainAtOnceWhenTheTryFails) {
  fail_times(3);
  now += 5s;
  ASSERT_TRUE(breaker.admit(now));
  breaker.failed(now);
  EXPECT_EQ(breaker.state(), State::open);
  EXPECT_FALSE(breaker.admit(now + 4s));
  EXPECT_TRUE(breaker.admit(now + 5s));
}

TEST_F(BreakerTest, LetsAnotherRequestTryWhenTheFirstOneDecidedNothing) {
  fail_times(3);
  now += 5s;
  ASSERT_TRUE(breaker.admit(now));
  breaker.undecided();
  EXPECT_EQ(breaker.state(), State::half_open);
  EXPECT_TRUE(breaker.admit(now));
}

TEST_F(BreakerTest, IsNotMovedWhileOpenByRequestsThatWentOutBefore) {
  fail_times(3);
  breaker.succeeded();
  EXPECT_EQ(breaker.state(), State::open);
  breaker.failed(now + 4s);
  EXPECT_TRUE(breaker.admit(now + 5s));
}

}  // namespace
}  // namespace kefu::provider
