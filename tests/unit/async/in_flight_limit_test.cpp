#include <kefu/async/in_flight_limit.hpp>

#include <gtest/gtest.h>

#include <utility>

namespace kefu {
namespace {

TEST(InFlightLimit, RefusesWhatIsOverTheLimitAndTakesAgainWhenAPermitIsGivenBack) {
  InFlightLimit limit(2);
  auto first = limit.try_acquire();
  auto second = limit.try_acquire();
  ASSERT_TRUE(first && second);
  EXPECT_FALSE(limit.try_acquire());
  first.reset();
  EXPECT_EQ(limit.in_flight(), 1U);
  EXPECT_TRUE(limit.try_acquire());
}

TEST(InFlightLimit, AMovedPermitIsGivenBackOnce) {
  InFlightLimit limit(1);
  {
    auto permit = limit.try_acquire();
    ASSERT_TRUE(permit);
    const InFlightLimit::Permit moved(std::move(*permit));
    EXPECT_EQ(limit.in_flight(), 1U);
  }
  EXPECT_EQ(limit.in_flight(), 0U);
}

}  // namespace
}  // namespace kefu
