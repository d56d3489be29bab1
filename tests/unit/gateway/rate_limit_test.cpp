#include "rate_limit.hpp"

#include <kefu/testing/run_task.hpp>

namespace kefu::gateway {
namespace {

using namespace std::chrono_literals;
using testing::run_task;

/// Shared buckets that count what they are asked for, and can fail.
class CountedBuckets final : public redis::TokenBuckets {
 public:
  Task<Result<redis::Grant>> take(std::string bucket, redis::BucketRate rate, std::uint32_t wanted,
                                  Deadline deadline) override {
    ++calls;
    if (pause != 0ms) co_await sleep_for(pause);
    if (failing) co_return fail(Errc::unavailable, "down");
    co_return co_await inner.take(std::move(bucket), rate, wanted, deadline);
  }
  redis::MemoryTokenBuckets inner;
  int calls = 0;
  bool failing = false;
  std::chrono::milliseconds pause{0};
};

class SharedRateLimiterTest : public ::testing::Test {
 protected:
  bool allowed(SharedRateLimiter& limiter, std::uint32_t per_minute, const std::string& key = "a") {
    return !run_task(io_, limiter.take(key, per_minute));
  }
  int allowed_of(SharedRateLimiter& limiter, int requests, std::uint32_t per_minute) {
    int count = 0;
    for (int i = 0; i < requests; ++i) count += allowed(limiter, per_minute) ? 1 : 0;
    return count;
  }
  asio::io_context io_;
  telemetry::Metrics metrics_;
  CountedBuckets buckets_;
  SharedRateLimiter limiter_{io_.get_executor(), &buckets_, metrics_};
};

TEST(BucketRate, LetsATenthOfAMinuteComeAtOnceAndNeverFewerThanTen) {
  EXPECT_EQ(bucket_rate(1).burst, 10U);
  EXPECT_EQ(bucket_rate(100).burst, 10U);
  EXPECT_EQ(bucket_rate(6000).burst, 600U);
}

TEST_F(SharedRateLimiterTest, LetsTheBurstThroughAndThenSaysHowLongToWait) {
  EXPECT_EQ(allowed_of(limiter_, 20, 1), 10);
  const auto wait = run_task(io_, limiter_.take("a", 1));
  ASSERT_TRUE(wait);
  EXPECT_GT(*wait, 30s);
  EXPECT_LE(*wait, 60s);
  EXPECT_TRUE(allowed(limiter_, 1, "b"));
}

TEST_F(SharedRateLimiterTest, AsksTheSharedBucketsOnceForASliceAndNotForWhatIsRefused) {
  EXPECT_EQ(allowed_of(limiter_, 100, 1000), 100);
  EXPECT_EQ(buckets_.calls, 10);
  EXPECT_EQ(allowed_of(limiter_, 10, 1), 0);  // the bucket is empty, and a token takes a minute
  EXPECT_EQ(buckets_.calls, 11);
}

TEST_F(SharedRateLimiterTest, ReplicasShareOneLimit) {
  SharedRateLimiter other(io_.get_executor(), &buckets_, metrics_);
  EXPECT_EQ(allowed_of(limiter_, 6, 1) + allowed_of(other, 6, 1), 10);
}

TEST_F(SharedRateLimiterTest, HoldsTheLimitAloneWhileTheSharedBucketsFail) {
  buckets_.failing = true;
  EXPECT_EQ(allowed_of(limiter_, 30, 1), 10);
  EXPECT_EQ(buckets_.calls, 1);  // and is not asked again for a second
  EXPECT_NE(metrics_.expose().find("kefu_gateway_local_rate_limits_total 30"), std::string::npos);
}

TEST_F(SharedRateLimiterTest, NeedsNoSharedBucketsAtAll) {
  SharedRateLimiter alone(io_.get_executor(), nullptr, metrics_);
  EXPECT_EQ(allowed_of(alone, 20, 1), 10);
}

TEST_F(SharedRateLimiterTest, RequestsThatComeTogetherWaitForOneSlice) {
  buckets_.pause = 5ms;
  int ended = 0;
  int let_through = 0;
  for (int i = 0; i < 10; ++i) {
    asio::co_spawn(io_, limiter_.take("a", 1000),
                   [&](std::exception_ptr, std::optional<std::chrono::milliseconds> wait) {
                     ++ended;
                     if (!wait) ++let_through;
                   });
  }
  ASSERT_TRUE(run_task(io_, testing::eventually([&] { return ended == 10; })));
  EXPECT_EQ(let_through, 10);
  EXPECT_EQ(buckets_.calls, 1);
}

}  // namespace
}  // namespace kefu::gateway
