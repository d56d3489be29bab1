#include <kefu/async/task_group.hpp>
#include <kefu/redis/memory_token_buckets.hpp>
#include <kefu/redis/redis_token_buckets.hpp>
#include <kefu/testing/poll.hpp>
#include <kefu/testing/run_task.hpp>
#include <kefu/testing/servers.hpp>

#include <stdexcept>

namespace kefu::redis {
namespace {

using namespace std::chrono_literals;

/// So slow that no token comes back during a test.
constexpr BucketRate kSlow{.per_minute = 1, .burst = 10};
/// A token each millisecond.
constexpr BucketRate kFast{.per_minute = 60'000, .burst = 10};

class Subject {
 public:
  virtual ~Subject() = default;
  virtual TokenBuckets& buckets() = 0;
  virtual asio::io_context& io() = 0;
};

class MemorySubject final : public Subject {
 public:
  TokenBuckets& buckets() override { return buckets_; }
  asio::io_context& io() override { return io_; }

 private:
  asio::io_context io_;
  MemoryTokenBuckets buckets_;
};

class RedisSubject final : public Subject {
 public:
  RedisSubject() {
    tasks_.spawn(buckets_.run());
    if (!testing::run_task(io_, testing::eventually([this] { return buckets_.available(); })))
      throw std::runtime_error("the buckets did not connect");
  }
  ~RedisSubject() override {
    buckets_.stop();
    testing::run_task(io_, tasks_.join());
  }
  TokenBuckets& buckets() override { return buckets_; }
  asio::io_context& io() override { return io_; }

 private:
  testing::RedisServer server_;
  asio::io_context io_;
  TaskGroup tasks_{io_.get_executor(), {}};
  RedisTokenBuckets buckets_{io_.get_executor(), {.port = std::to_string(server_.port())}};
};

using Make = std::unique_ptr<Subject> (*)();

class TokenBucketsContract : public ::testing::TestWithParam<Make> {
 protected:
  Result<Grant> take(std::string bucket, BucketRate rate, std::uint32_t wanted) {
    return testing::run_task(subject_->io(),
                             subject_->buckets().take(std::move(bucket), rate, wanted, Deadline::in(10s)));
  }
  std::unique_ptr<Subject> subject_ = GetParam()();
};

TEST_P(TokenBucketsContract, ANewBucketIsFullAndGivesWhatItHas) {
  EXPECT_EQ(take("a", kSlow, 4)->tokens, 4U);
  EXPECT_EQ(take("a", kSlow, 4)->tokens, 4U);
  EXPECT_EQ(take("a", kSlow, 4)->tokens, 2U);
  EXPECT_EQ(take("a", kSlow, 4)->tokens, 0U);
}

TEST_P(TokenBucketsContract, AnEmptyBucketSaysWhenTheNextTokenComes) {
  const auto full = take("a", kSlow, 10);
  EXPECT_EQ(full->wait, 0ms);
  const auto empty = take("a", kSlow, 1);
  ASSERT_TRUE(empty);
  EXPECT_EQ(empty->tokens, 0U);
  EXPECT_GT(empty->wait, 30s);
  EXPECT_LE(empty->wait, 60s);
}

TEST_P(TokenBucketsContract, BucketsDoNotKnowOfEachOther) {
  EXPECT_EQ(take("a", kSlow, 10)->tokens, 10U);
  EXPECT_EQ(take("b", kSlow, 10)->tokens, 10U);
  EXPECT_EQ(take("退货 \r\n{}", kSlow, 3)->tokens, 3U);
}

TEST_P(TokenBucketsContract, FillsWithTimeUpToItsBurst) {
  EXPECT_EQ(take("a", kFast, 10)->tokens, 10U);
  std::uint32_t more = 0;
  EXPECT_TRUE(testing::eventually(subject_->io(), [&] {
    const std::uint32_t given = take("a", kFast, 1000)->tokens;
    EXPECT_LE(given, 10U);
    more += given;
    return more >= 20;
  }));
}

TEST_P(TokenBucketsContract, AChangedRateHoldsAtOnce) {
  EXPECT_EQ(take("a", kSlow, 1)->tokens, 1U);
  EXPECT_EQ(take("a", {.per_minute = 1, .burst = 2}, 10)->tokens, 2U);
  EXPECT_EQ(take("a", kSlow, 10)->tokens, 0U);
}

TEST_P(TokenBucketsContract, TakesNothingAfterTheDeadline) {
  const auto late =
      testing::run_task(subject_->io(), subject_->buckets().take("a", kSlow, 10, Deadline::in(-1s)));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Errc::deadline_exceeded);
  EXPECT_EQ(take("a", kSlow, 10)->tokens, 10U);
}

INSTANTIATE_TEST_SUITE_P(Memory, TokenBucketsContract, ::testing::Values(+[]() -> std::unique_ptr<Subject> {
                           return std::make_unique<MemorySubject>();
                         }));
INSTANTIATE_TEST_SUITE_P(Redis, TokenBucketsContract, ::testing::Values(+[]() -> std::unique_ptr<Subject> {
                           return std::make_unique<RedisSubject>();
                         }));

}  // namespace
}  // namespace kefu::redis
