#include "redis_fixture.hpp"

#include <kefu/redis/redis_token_buckets.hpp>
#include <kefu/testing/tcp_gate.hpp>

#include <gmock/gmock.h>

namespace kefu::redis {
namespace {

using ::testing::HasSubstr;

constexpr BucketRate kRate{.per_minute = 1, .burst = 100};

class RedisTokenBucketsOnAServer : public ::testing::Test {
 protected:
  ~RedisTokenBucketsOnAServer() override {
    buckets_.stop();
    testing::run_task(io_, tasks_.join());
  }
  bool becomes(bool available) {
    return testing::run_task(io_, testing::eventually([&] { return buckets_.available() == available; }));
  }
  Result<Grant> take(std::uint32_t wanted, Deadline::Clock::duration limit = 10s) {
    return testing::run_task(io_, buckets_.take("a", kRate, wanted, Deadline::in(limit)));
  }

  testing::RedisServer server_;
  testing::TcpGate gate_{server_.port()};
  asio::io_context io_;
  TaskGroup tasks_{io_.get_executor(), {}};
  RedisTokenBuckets buckets_{io_.get_executor(), options_for(gate_.port())};
};

TEST_F(RedisTokenBucketsOnAServer, SendsTheScriptOnceAndThenItsName) {
  tasks_.spawn(buckets_.run());
  ASSERT_TRUE(becomes(true));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(take(1)->tokens, 1U);
  const std::string stats = redis_cli(server_, {"info", "commandstats"});
  EXPECT_THAT(stats, HasSubstr("cmdstat_eval:calls=1,"));
  EXPECT_THAT(stats, HasSubstr("cmdstat_evalsha:calls=3,"));
  redis_cli(server_, {"script", "flush"});
  EXPECT_EQ(take(1)->tokens, 1U);
}

TEST_F(RedisTokenBucketsOnAServer, SharesABucketWithOtherProcessesAndLetsItExpire) {
  tasks_.spawn(buckets_.run());
  ASSERT_TRUE(becomes(true));
  EXPECT_EQ(take(60)->tokens, 60U);
  RedisTokenBuckets other(io_.get_executor(), options_for(server_.port()));
  tasks_.spawn(other.run());
  ASSERT_TRUE(testing::run_task(io_, testing::eventually([&] { return other.available(); })));
  EXPECT_EQ(testing::run_task(io_, other.take("a", kRate, 60, Deadline::in(10s)))->tokens, 40U);
  EXPECT_GT(std::stoi(redis_cli(server_, {"ttl", "kefu:tokens:a"})), 60);
  other.stop();
}

TEST_F(RedisTokenBucketsOnAServer, FailsAtOnceWhenCutAndInTimeWhenTheServerIsSilent) {
  EXPECT_EQ(take(1).error().code, Errc::unavailable);
  tasks_.spawn(buckets_.run());
  ASSERT_TRUE(becomes(true));
  gate_.pause();
  EXPECT_EQ(take(1, 50ms).error().code, Errc::deadline_exceeded);
  gate_.cut();
  ASSERT_TRUE(becomes(false));
  EXPECT_EQ(take(1).error().code, Errc::unavailable);
  gate_.resume();
  gate_.restore();
  ASSERT_TRUE(becomes(true));
  EXPECT_EQ(take(1)->tokens, 1U);
}

TEST_F(RedisTokenBucketsOnAServer, SaysBadUpstreamWhereTheBucketIsNoBucket) {
  tasks_.spawn(buckets_.run());
  ASSERT_TRUE(becomes(true));
  redis_cli(server_, {"set", "kefu:tokens:a", "x"});
  EXPECT_EQ(take(1).error().code, Errc::bad_upstream);
}

}  // namespace
}  // namespace kefu::redis
