#include <kefu/redis/redis_cache.hpp>

#include <gtest/gtest.h>

namespace kefu::redis {
namespace {

TEST(RedisUrl, HoldsHostPortAndDatabase) {
  const auto options = parse_redis_url("redis://cache.example:7000/4");
  ASSERT_TRUE(options);
  EXPECT_EQ(options->host, "cache.example");
  EXPECT_EQ(options->port, "7000");
  EXPECT_EQ(options->database, 4);
  EXPECT_EQ(options->password, "");
}

TEST(RedisUrl, HasDefaults) {
  for (const std::string url : {"redis://localhost", "redis://localhost/", "redis://localhost:6379/0"}) {
    const auto options = parse_redis_url(url);
    ASSERT_TRUE(options) << url;
    EXPECT_EQ(options->host, "localhost");
    EXPECT_EQ(options->port, "6379");
    EXPECT_EQ(options->database, 0);
  }
}

TEST(RedisUrl, HoldsUserAndPasswordWithAnyCharacters) {
  const auto options = parse_redis_url("redis://kefu:p%40ss%2Fw:rd@[::1]:6380/1");
  ASSERT_TRUE(options);
  EXPECT_EQ(options->username, "kefu");
  EXPECT_EQ(options->password, "p@ss/w:rd");
  EXPECT_EQ(options->host, "::1");
  EXPECT_EQ(options->port, "6380");
  const auto alone = parse_redis_url("redis://:secret@host");
  ASSERT_TRUE(alone);
  EXPECT_EQ(alone->username, "");
  EXPECT_EQ(alone->password, "secret");
}

TEST(RedisUrl, RefusesWhatItCannotUseWithoutShowingThePassword) {
  for (const std::string url :
       {"", "localhost", "rediss://host", "redis://", "redis://:6379", "redis://host:0", "redis://host:70000",
        "redis://host:x", "redis://host/x", "redis://host/-1", "redis://host/1/2", "redis://[::1",
        "redis://[::1]x", "redis://:s3cret@", "redis://:s3cret%4@host", "redis://:s3cret%zz@host",
        "redis://s3cret@host", "redis://:s3cret@host:x"}) {
    const auto options = parse_redis_url(url);
    ASSERT_FALSE(options) << url;
    EXPECT_EQ(options.error().code, Errc::invalid_argument) << url;
    EXPECT_EQ((options.error().message + options.error().detail).find("s3cret"), std::string::npos) << url;
  }
}

}  // namespace
}  // namespace kefu::redis
