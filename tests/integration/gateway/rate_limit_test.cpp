#include "rate_limit.hpp"

#include <kefu/async/task_group.hpp>
#include <kefu/redis/redis_token_buckets.hpp>
#include <kefu/testing/poll.hpp>
#include <kefu/testing/run_task.hpp>
#include <kefu/testing/servers.hpp>
#include <kefu/testing/tcp_gate.hpp>

namespace kefu::gateway {
namespace {

using namespace std::chrono_literals;
using testing::run_task;

/// Two replicas in front of one Redis; the first one's connection can be broken.
class RateLimitOverRedis : public ::testing::Test {
 protected:
  RateLimitOverRedis() {
    tasks_.spawn(here_.run());
    tasks_.spawn(there_.run());
    EXPECT_TRUE(run_task(io_, testing::eventually([&] { return here_.available() && there_.available(); })));
  }
  ~RateLimitOverRedis() override {
    here_.stop();
    there_.stop();
    run_task(io_, tasks_.join());
  }
  int allowed_of(SharedRateLimiter& limiter, int requests) {
    int count = 0;
    for (int i = 0; i < requests; ++i) count += run_task(io_, limiter.take("a", 1)) ? 0 : 1;
    return count;
  }
  double local_decisions() {
    const std::string text = metrics_.expose();
    const std::string name = "\nkefu_gateway_local_rate_limits_total ";
    return std::stod(text.substr(text.find(name) + name.size()));
  }
  redis::RedisOptions options(std::uint16_t port) { return {.port = std::to_string(port)}; }

  testing::RedisServer server_;
  testing::TcpGate gate_{server_.port()};
  asio::io_context io_;
  TaskGroup tasks_{io_.get_executor(), {}};
  telemetry::Metrics metrics_;
  redis::RedisTokenBuckets here_{io_.get_executor(), options(gate_.port())};
  redis::RedisTokenBuckets there_{io_.get_executor(), options(server_.port())};
  SharedRateLimiter limiter_here_{io_.get_executor(), &here_, metrics_};
  SharedRateLimiter limiter_there_{io_.get_executor(), &there_, metrics_};
};

TEST_F(RateLimitOverRedis, ReplicasShareOneLimit) {
  EXPECT_EQ(allowed_of(limiter_here_, 4) + allowed_of(limiter_there_, 20), 10);
  EXPECT_EQ(allowed_of(limiter_here_, 5), 0);
}

TEST_F(RateLimitOverRedis, ASilentOrLostRedisLeavesEachReplicaItsOwnLimit) {
  gate_.pause();
  EXPECT_EQ(allowed_of(limiter_here_, 30), 10);
  gate_.cut();
  ASSERT_TRUE(run_task(io_, testing::eventually([&] { return !here_.available(); })));
  EXPECT_EQ(allowed_of(limiter_here_, 5), 0);
  EXPECT_EQ(allowed_of(limiter_there_, 30), 10);
  EXPECT_EQ(local_decisions(), 35);
}

TEST_F(RateLimitOverRedis, TheSharedLimitHoldsAgainWhenRedisIsBack) {
  gate_.cut();
  ASSERT_TRUE(run_task(io_, testing::eventually([&] { return !here_.available(); })));
  EXPECT_EQ(allowed_of(limiter_here_, 1), 1);
  EXPECT_EQ(allowed_of(limiter_there_, 10), 10);
  gate_.restore();
  ASSERT_TRUE(run_task(io_, testing::eventually([&] { return here_.available(); })));
  // Redis, which has just failed, is asked again a second later.
  const auto decided_locally = [&] {
    const double before = local_decisions();
    EXPECT_FALSE(run_task(io_, limiter_here_.take("b", 1'000'000)));
    return local_decisions() > before;
  };
  EXPECT_TRUE(testing::eventually(io_, [&] { return !decided_locally(); }));
  EXPECT_EQ(allowed_of(limiter_here_, 1), 0);  // alone it would have nine left
}

}  // namespace
}  // namespace kefu::gateway
