#include "redis_fixture.hpp"

#include <gmock/gmock.h>

namespace kefu::redis {
namespace {

using ::testing::HasSubstr;
using RedisCacheOnAServer = RedisTest;

TEST_F(RedisCacheOnAServer, FailsAtOnceBeforeItIsConnected) {
  cache_ = std::make_unique<RedisCache>(io_.get_executor(), options_for(testing::free_port()));
  EXPECT_FALSE(cache_->available());
  EXPECT_EQ(get({"a"}).error().code, Errc::unavailable);
  EXPECT_EQ(put({{"a", "1"}}).error().code, Errc::unavailable);
}

TEST_F(RedisCacheOnAServer, SaysWhoItIsAndChoosesItsDatabase) {
  testing::RedisServer server({"--requirepass", "s3cret"});
  auto options = options_for(server.port());
  options.password = "s3cret";
  options.database = 3;
  connect(options);
  ASSERT_TRUE(up());
  ASSERT_TRUE(put({{"a", "1"}}));
  EXPECT_THAT(redis_cli(server, {"-a", "s3cret", "--no-auth-warning", "-n", "3", "get", "a"}),
              HasSubstr("1"));
}

TEST_F(RedisCacheOnAServer, UsesAUserNameWhereThereIsOne) {
  testing::RedisServer server;
  redis_cli(server, {"acl", "setuser", "kefu", "on", ">s3cret", "~*", "+@all"});
  auto options = options_for(server.port());
  options.username = "kefu";
  options.password = "s3cret";
  connect(options);
  ASSERT_TRUE(up());
  EXPECT_TRUE(put({{"a", "1"}}));
}

TEST_F(RedisCacheOnAServer, StaysDownWithAWrongPasswordAndSaysWhyWithoutIt) {
  testing::RedisServer server({"--requirepass", "s3cret"});
  auto options = options_for(server.port());
  options.password = "guess";
  connect(options);
  struct Poll {
    static Task<bool> run(RedisCache& cache) {
      const Deadline limit = Deadline::in(10s);
      while (!limit.passed()) {
        const auto values = co_await cache.get_many({"a"}, limit);
        if (!values && values.error().detail.find("WRONGPASS") != std::string::npos) {
          co_return values.error().detail.find("guess") == std::string::npos;
        }
        co_await sleep_for(5ms);
      }
      co_return false;
    }
  };
  EXPECT_TRUE(testing::run_task(io_, Poll::run(*cache_)));
  EXPECT_FALSE(cache_->available());
}

TEST_F(RedisCacheOnAServer, GivesEachValueTheTimeToLive) {
  testing::RedisServer server;
  connect(options_for(server.port()));
  ASSERT_TRUE(up());
  ASSERT_TRUE(put({{"a", "1"}, {"b", "2"}}));
  for (const std::string key : {"a", "b"}) {
    const int left = std::stoi(redis_cli(server, {"ttl", key}));
    EXPECT_GT(left, 50) << key;
    EXPECT_LE(left, 60) << key;
  }
}

TEST_F(RedisCacheOnAServer, AsksForManyKeysWithOneCommand) {
  testing::RedisServer server;
  connect(options_for(server.port()));
  ASSERT_TRUE(up());
  ASSERT_TRUE(get({"a", "b", "c"}));
  EXPECT_THAT(redis_cli(server, {"info", "commandstats"}), HasSubstr("cmdstat_mget:calls=1,"));
}

TEST_F(RedisCacheOnAServer, SaysBadUpstreamWhenTheServerIsOutOfMemory) {
  testing::RedisServer server;
  connect(options_for(server.port()));
  ASSERT_TRUE(up());
  ASSERT_TRUE(put({{"a", "1"}}));
  redis_cli(server, {"config", "set", "maxmemory", "1"});
  const auto refused = put({{"a", "2"}, {"b", "2"}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::bad_upstream);
  EXPECT_THAT(refused.error().detail, HasSubstr("OOM"));
  EXPECT_EQ(get({"a"}), (Values{"1"}));
}

TEST_F(RedisCacheOnAServer, MissesAValueOfAnotherType) {
  testing::RedisServer server;
  connect(options_for(server.port()));
  ASSERT_TRUE(up());
  redis_cli(server, {"rpush", "list", "x"});
  EXPECT_EQ(get({"list", "none"}), (Values{std::nullopt, std::nullopt}));
  EXPECT_TRUE(put({{"list", "1"}}));
  EXPECT_EQ(get({"list"}), (Values{"1"}));
}

Task<int> count_right(RedisCache& cache, int from, int to) {
  int right = 0;
  for (int i = from; i < to; ++i) {
    const std::string key = "key" + std::to_string(i);
    const auto put = co_await cache.put_many({{key, "value" + std::to_string(i)}}, 60s, Deadline::in(10s));
    const auto got = co_await cache.get_many({key}, Deadline::in(10s));
    if (put && got && got->front() == "value" + std::to_string(i)) ++right;
  }
  co_return right;
}

TEST_F(RedisCacheOnAServer, GivesConcurrentCallersTheirOwnReplies) {
  testing::RedisServer server;
  connect(options_for(server.port()));
  ASSERT_TRUE(up());
  int right = 0;
  int done = 0;
  for (int caller = 0; caller < 20; ++caller) {
    asio::co_spawn(io_, count_right(*cache_, caller * 50, caller * 50 + 50),
                   [&](std::exception_ptr, int count) {
                     right += count;
                     ++done;
                   });
  }
  ASSERT_TRUE(testing::run_task(io_, testing::eventually([&] { return done == 20; }, 30s)));
  EXPECT_EQ(right, 1000);
}

TEST_F(RedisCacheOnAServer, StopsWhileNobodyListens) {
  connect(options_for(testing::free_port()));
  EXPECT_EQ(get({"a"}).error().code, Errc::unavailable);
  stop();
}

}  // namespace
}  // namespace kefu::redis
