#include <kefu/provider/rate_limit.hpp>
#include <kefu/provider/retry.hpp>
#include <kefu/provider/slots.hpp>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

namespace kefu::provider {
namespace {

using namespace std::chrono_literals;

TEST(ParseReset, TakesTheNotationThatOpenAiDocuments) {
  EXPECT_EQ(parse_reset("1s"), 1s);
  EXPECT_EQ(parse_reset("6m0s"), 6min);
  EXPECT_EQ(parse_reset("12ms"), 12ms);
  EXPECT_EQ(parse_reset("1h2m3s"), 1h + 2min + 3s);
  EXPECT_EQ(parse_reset("7.66s"), 7660ms);
  EXPECT_EQ(parse_reset("0s"), 0s);
  EXPECT_EQ(parse_reset("30"), 30s);
  EXPECT_LT(*parse_reset("99999999999999h"), std::chrono::years(1));
}

TEST(ParseReset, PassesOverWhateverElseThereIs) {
  for (const auto* const value :
       {"", "soon", "-1s", "1748236800", "s", "1x", "6m0", "nans", "1s ", "infs", "2026-11-25T10:00:00Z"})
    EXPECT_FALSE(parse_reset(value)) << value;
}

TEST(AskedPause, PrefersMilliseconds) {
  EXPECT_EQ(asked_pause({{"retry-after-ms", "250"}, {"Retry-After", "7"}}, {}), 250ms);
  EXPECT_EQ(asked_pause({{"retry-after-ms", "soon"}, {"Retry-After", "7"}}, {}), 7s);
  EXPECT_FALSE(asked_pause({}, {}));
}

class AllowanceTest : public ::testing::Test {
 protected:
  Allowance allowance;
  Allowance::Time now{1h};
};

TEST_F(AllowanceTest, AllowsEverythingWhileNothingIsKnown) { EXPECT_LE(allowance.free_at(1e9, now), now); }

TEST_F(AllowanceTest, FillsAtTheRateThatItsLimitAndResetImply) {
  allowance.learn(100, 1100, 10s, now);  // 100 a second
  EXPECT_LE(allowance.free_at(100, now), now);
  EXPECT_EQ(allowance.free_at(300, now), now + 2s);
  allowance.spend(100);
  EXPECT_EQ(allowance.free_at(300, now), now + 3s);
  EXPECT_LE(allowance.free_at(300, now + 3s), now + 3s);
}

TEST_F(AllowanceTest, IsWholeAgainAfterItsReset) {
  allowance.learn(0, std::nullopt, 10s, now);
  EXPECT_EQ(allowance.free_at(1, now + 9s), now + 10s);
  EXPECT_LE(allowance.free_at(1, now + 10s), now + 10s);
}

TEST_F(AllowanceTest, DoesNotWaitForEverForWhatNeverFits) {
  allowance.learn(0, 1000, 10s, now);
  EXPECT_EQ(allowance.free_at(5000, now), now + 10s);
}

TEST(RateLimits, TakeBothAllowancesFromTheHeaders) {
  const Allowance::Time now{1h};
  RateLimits limits;
  limits.learn({{"X-RateLimit-Limit-Tokens", "1000"},
                {"X-RateLimit-Remaining-Tokens", "500"},
                {"X-RateLimit-Reset-Tokens", "5s"},
                {"x-ratelimit-remaining-requests", "1"},
                {"x-ratelimit-reset-requests", "60s"}},
               now);
  EXPECT_LE(limits.free_at(500, now), now);
  EXPECT_EQ(limits.free_at(600, now), now + 1s);
  limits.spend(500);
  EXPECT_EQ(limits.free_at(1, now), now + 60s);  // no request is left
}

TEST(RateLimits, DoWithoutHeadersThatMakeNoSense) {
  const Allowance::Time now{1h};
  RateLimits limits;
  limits.learn({{"x-ratelimit-remaining-requests", "none"},
                {"x-ratelimit-reset-requests", "6m0s"},
                {"x-ratelimit-remaining-tokens", "0"}},
               now);
  EXPECT_LE(limits.free_at(100, now), now);
}

TEST(RateLimits, TakeAnEndlessLimitForNone) {
  const Allowance::Time now{1h};
  RateLimits limits;
  limits.learn({{"x-ratelimit-remaining-tokens", "0"},
                {"x-ratelimit-limit-tokens", "inf"},
                {"x-ratelimit-reset-tokens", "6s"}},
               now);
  EXPECT_EQ(limits.free_at(100, now), now + 6s);
}

class SlotsTest : public ::testing::Test {
 protected:
  boost::asio::io_context io;
  Signal freed{io.get_executor()};
  Slots slots{8, freed};
  Slots::Time now{1h};
};

TEST_F(SlotsTest, AreFullAtTheirLimitAndGivenBack) {
  std::vector<Slots::Place> places;
  for (int i = 0; i < 8; ++i) {
    EXPECT_FALSE(slots.full());
    places.push_back(slots.take());
  }
  EXPECT_TRUE(slots.full());
  places.clear();
  EXPECT_EQ(slots.in_flight(), 0U);
}

TEST_F(SlotsTest, AreHalvedOnceForRequestsThatWereUnderWayTogether) {
  slots.refused(now - 2s, now);
  slots.refused(now - 1s, now + 1s);
  EXPECT_EQ(slots.limit(), 4U);
  slots.refused(now + 1s, now + 2s);
  EXPECT_EQ(slots.limit(), 2U);
}

TEST_F(SlotsTest, NeverFallBelowOneNorRiseAboveTheirFirstLimit) {
  for (int i = 0; i < 10; ++i) slots.refused(now + i * 1s, now + i * 1s);
  EXPECT_EQ(slots.limit(), 1U);
  slots.succeeded();
  EXPECT_EQ(slots.limit(), 2U);
  for (int i = 0; i < 100; ++i) slots.succeeded();
  EXPECT_EQ(slots.limit(), 8U);
}

}  // namespace
}  // namespace kefu::provider
