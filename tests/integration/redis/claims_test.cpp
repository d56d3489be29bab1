#include "redis_fixture.hpp"

#include <kefu/redis/redis_claims.hpp>
#include <kefu/testing/tcp_gate.hpp>

#include <gmock/gmock.h>

namespace kefu::redis {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class RedisClaimsOnAServer : public RedisTest {
 protected:
  RedisClaimsOnAServer() { connect(options_for(gate_.port())); }

  Result<std::vector<Claims::Taken>> take(std::vector<Claims::Wanted> wanted,
                                          Deadline::Clock::duration limit = 10s) {
    return testing::run_task(io_, claims().take(std::move(wanted), "token", 60s, Deadline::in(limit)));
  }
  Result<> release(std::vector<std::string> keys, Deadline::Clock::duration limit = 10s) {
    return testing::run_task(io_, claims().release(std::move(keys), "token", Deadline::in(limit)));
  }
  RedisClaims& claims() {
    if (!claims_) claims_.emplace(*cache_);
    return *claims_;
  }

  testing::RedisServer server_;
  testing::TcpGate gate_{server_.port()};
  std::optional<RedisClaims> claims_;
};

TEST_F(RedisClaimsOnAServer, AsksOnceForManyKeys) {
  ASSERT_TRUE(up());
  ASSERT_TRUE(take({{"1"}, {"2"}, {"3"}}));
  ASSERT_TRUE(take({{"4"}, {"5"}, {"6"}}));
  const std::string stats = redis_cli(server_, {"info", "commandstats"});
  EXPECT_THAT(stats, HasSubstr("cmdstat_eval:calls=1,"));
  EXPECT_THAT(stats, HasSubstr("cmdstat_evalsha:calls=2,"));
  redis_cli(server_, {"script", "flush"});
  EXPECT_TRUE(release({"1", "4"}));
  EXPECT_THAT(redis_cli(server_, {"keys", "*:claim"}), Not(HasSubstr("1:claim")));
}

TEST_F(RedisClaimsOnAServer, NamesTheClaimAfterTheKeyAndLetsItExpire) {
  ASSERT_TRUE(up());
  ASSERT_TRUE(take({{"kefu:emb:退货"}}));
  EXPECT_GT(std::stoi(redis_cli(server_, {"pttl", "kefu:emb:退货:claim"})), 0);
}

TEST_F(RedisClaimsOnAServer, FailsAtOnceWhenCutAndInTimeWhenTheServerIsSilent) {
  ASSERT_TRUE(up());
  gate_.pause();
  EXPECT_EQ(take({{"1"}}, 50ms).error().code, Errc::deadline_exceeded);
  EXPECT_EQ(release({"1"}, 50ms).error().code, Errc::deadline_exceeded);
  gate_.cut();
  ASSERT_TRUE(down());
  EXPECT_EQ(take({{"1"}}).error().code, Errc::unavailable);
  EXPECT_EQ(release({"1"}).error().code, Errc::unavailable);
  gate_.resume();
  gate_.restore();
  ASSERT_TRUE(up());
  EXPECT_TRUE(take({{"2"}})->front().held);
}

TEST_F(RedisClaimsOnAServer, SaysBadUpstreamWhereTheServerIsFull) {
  ASSERT_TRUE(up());
  redis_cli(server_, {"config", "set", "maxmemory", "1"});
  EXPECT_EQ(take({{"1"}}).error().code, Errc::bad_upstream);
}

TEST_F(RedisClaimsOnAServer, TakesWhatIsOfAnotherTypeForNothing) {
  ASSERT_TRUE(up());
  redis_cli(server_, {"rpush", "1", "x"});
  redis_cli(server_, {"rpush", "2:claim", "x"});
  const auto taken = take({{"1"}, {"2"}});
  ASSERT_TRUE(taken) << taken.error().message << taken.error().detail;
  EXPECT_TRUE((*taken)[0].held);
  EXPECT_TRUE((*taken)[1].held);
  EXPECT_TRUE(release({"1", "2"}));
}

}  // namespace
}  // namespace kefu::redis
