#include <kefu/provider/retry.hpp>

#include <gtest/gtest.h>

namespace kefu::provider {
namespace {

using namespace std::chrono_literals;

TEST(FullJitter, IsAnythingUpToABoundThatDoubles) {
  const Backoff backoff{.first = 100ms, .longest = 1000ms};
  EXPECT_EQ(full_jitter(backoff, 1, 0), 0ms);
  EXPECT_EQ(full_jitter(backoff, 1, 0.5), 50ms);
  EXPECT_EQ(full_jitter(backoff, 2, 0.5), 100ms);
  EXPECT_EQ(full_jitter(backoff, 3, 0.5), 200ms);
  EXPECT_EQ(full_jitter(backoff, 10, 0.5), 500ms);
  EXPECT_EQ(full_jitter(backoff, 1'000'000, 0.5), 500ms);
}

TEST(RetryAfter, TakesSeconds) {
  EXPECT_EQ(parse_retry_after("7", {}), 7s);
  EXPECT_EQ(parse_retry_after(" 0 ", {}), 0s);
  EXPECT_GT(parse_retry_after("9000000000000", {}), 24h);
}

TEST(RetryAfter, TakesADate) {
  const std::chrono::sys_seconds now = std::chrono::sys_days(std::chrono::year(2015) / 10 / 21) + 7h + 28min;
  EXPECT_EQ(parse_retry_after("Wed, 21 Oct 2015 07:28:30 GMT", now), 30s);
  EXPECT_EQ(parse_retry_after("Wed, 21 Oct 2015 07:27:00 GMT", now), 0s);
}

TEST(RetryAfter, PassesOverWhatIsNeither) {
  for (const auto* const value : {"", " ", "-3", "soon", "1.5", "7 s", "99999999999999999999", "Wed, 21 Oct",
                                  "Wed, 21 Oct 2015 07:28:30 GMT+1"})
    EXPECT_FALSE(parse_retry_after(value, {})) << value;
}

}  // namespace
}  // namespace kefu::provider
