#include "request_target.hpp"

#include <gtest/gtest.h>

namespace kefu::http {
namespace {

RequestHead parse(std::string_view target) {
  RequestHead head;
  EXPECT_TRUE(take_request_target(target, head)) << target;
  return head;
}

TEST(RequestTarget, HoldsPathAndQueryDecoded) {
  const auto head = parse("/v1/kbs/a%2Fb?name=%E9%9E%8B+x%2B&flag&empty=&a=b=c");
  EXPECT_EQ(head.path, "/v1/kbs/a/b");
  EXPECT_EQ(head.encoded_path, "/v1/kbs/a%2Fb");
  EXPECT_EQ(head.query, (std::map<std::string, std::string>{
                            {"name", "鞋 x+"}, {"flag", ""}, {"empty", ""}, {"a", "b=c"}}));
}

TEST(RequestTarget, KeepsThePlusSignOfAPath) { EXPECT_EQ(parse("/a+b").path, "/a+b"); }

TEST(RequestTarget, TakesTheFirstOfEqualNames) { EXPECT_EQ(parse("/?a=1&a=2&&").query.at("a"), "1"); }

TEST(RequestTarget, TakesTheFormsOfProxiesAndOptions) {
  EXPECT_EQ(parse("http://host:80/path?q=1").path, "/path");
  EXPECT_EQ(parse("http://host").path, "/");
  EXPECT_EQ(parse("http://host?q=1").query.at("q"), "1");
  EXPECT_EQ(parse("?q").path, "/");
  EXPECT_EQ(parse("*").path, "*");
  EXPECT_EQ(parse("/a#b").path, "/a");
}

TEST(RequestTarget, RefusesWhatIsNoPath) {
  for (const std::string target : {"", "path", "host:443", "#"}) {
    RequestHead head;
    EXPECT_FALSE(take_request_target(target, head)) << target;
  }
}

}  // namespace
}  // namespace kefu::http
