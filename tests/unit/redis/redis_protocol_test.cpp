#include "redis_protocol.hpp"

#include <gtest/gtest.h>

#include <array>

namespace kefu::redis {
namespace {

TEST(RedisProtocol, WritesCommandsWithAnyBytes) {
  std::string out = "before";
  const std::array<std::string_view, 3> arguments{"SET", std::string_view("a\0\r\n", 4), ""};
  ASSERT_TRUE(append_command(out, arguments));
  EXPECT_EQ(out, std::string("before*3\r\n$3\r\nSET\r\n$4\r\na\0\r\n\r\n$0\r\n\r\n", 35));
}

TEST(RedisProtocol, ReadsEachKindOfReply) {
  ReplyReader reader(1000);
  ASSERT_TRUE(reader.feed("+OK\r\n-OOM no\r\n:7\r\n$-1\r\n*2\r\n$2\r\nhi\r\n$-1\r\n*-1\r\n"));
  const auto next = [&] {
    auto reply = reader.next();
    EXPECT_TRUE(reply && *reply);
    return reply && *reply ? **reply : Reply{};
  };
  const Reply ok = next();
  EXPECT_EQ(ok.kind, Reply::Kind::text);
  EXPECT_EQ(ok.text, "OK");
  const Reply error = next();
  EXPECT_EQ(error.kind, Reply::Kind::error);
  EXPECT_EQ(error.text, "OOM no");
  EXPECT_EQ(next().kind, Reply::Kind::number);
  EXPECT_EQ(next().kind, Reply::Kind::nil);
  const Reply list = next();
  ASSERT_EQ(list.list.size(), 2U);
  EXPECT_EQ(list.list[0].text, "hi");
  EXPECT_EQ(list.list[1].kind, Reply::Kind::nil);
  EXPECT_EQ(next().kind, Reply::Kind::nil);
  const auto none = reader.next();
  ASSERT_TRUE(none);
  EXPECT_FALSE(*none);
}

TEST(RedisProtocol, WaitsForTheRestOfAReply) {
  ReplyReader reader(1000);
  for (const char c : std::string_view("$5\r\nhell")) {
    ASSERT_TRUE(reader.feed({&c, 1}));
    const auto reply = reader.next();
    ASSERT_TRUE(reply);
    EXPECT_FALSE(*reply);
  }
  ASSERT_TRUE(reader.feed("o\r\n"));
  EXPECT_EQ((*reader.next())->text, "hello");
}

TEST(RedisProtocol, RefusesWhatIsNotTheProtocol) {
  for (const std::string text : {"HTTP/1.1 400\r\n", "$x\r\n", "*99999999999999999999\r\n", "\r\n"}) {
    ReplyReader reader(1000);
    const bool fed = reader.feed(text).has_value();
    const auto reply = reader.next();
    EXPECT_TRUE(!fed || !reply || !*reply) << text;
  }
}

TEST(RedisProtocol, RefusesAReplyOverTheLimitAndCountsEachAlone) {
  ReplyReader reader(100);
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(reader.feed("$50\r\n" + std::string(50, 'x') + "\r\n"));
    ASSERT_TRUE(reader.next());
  }
  ASSERT_TRUE(reader.feed("$500\r\n" + std::string(90, 'x')));
  ASSERT_TRUE(reader.next());
  const auto over = reader.feed(std::string(90, 'x'));
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().code, Errc::bad_upstream);
}

}  // namespace
}  // namespace kefu::redis
