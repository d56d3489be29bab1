#include <kefu/http/client.hpp>

#include <gtest/gtest.h>

namespace kefu::http {
namespace {

TEST(HttpUrl, HoldsItsParts) {
  const auto url = parse_url("https://api.example.com:8443/v1/chat?x=1#part");
  ASSERT_TRUE(url);
  EXPECT_TRUE(url->tls);
  EXPECT_EQ(url->host, "api.example.com");
  EXPECT_EQ(url->port, "8443");
  EXPECT_EQ(url->target, "/v1/chat?x=1");
}

TEST(HttpUrl, HasDefaults) {
  EXPECT_EQ(parse_url("http://host")->port, "80");
  EXPECT_EQ(parse_url("https://host")->port, "443");
  EXPECT_EQ(parse_url("http://host")->target, "/");
  EXPECT_EQ(parse_url("http://host?q")->target, "/?q");
  EXPECT_EQ(parse_url("http://host#part")->target, "/");
}

TEST(HttpUrl, TakesAddresses) {
  EXPECT_EQ(parse_url("http://127.0.0.1:80/")->host, "127.0.0.1");
  const auto url = parse_url("http://[::1]:8080/x");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(url->port, "8080");
}

TEST(HttpUrl, RefusesWhatItCannotUse) {
  for (const std::string url : {"",
                                "host",
                                "ftp://host",
                                "http:/host",
                                "http://",
                                "http:///x",
                                "http://:80",
                                "http://host:",
                                "http://host:0",
                                "http://host:65536",
                                "http://host:8o",
                                "http://user:pw@host/",
                                "http://ho st/",
                                "http://host/a b",
                                "http://host/\r\nX: y",
                                "http://[::1",
                                "http://[]",
                                "http://[x]/",
                                "http://[::1]x",
                                "http://ho\"st",
                                "http://host/鞋"}) {
    const auto parsed = parse_url(url);
    ASSERT_FALSE(parsed) << url;
    EXPECT_EQ(parsed.error().code, Errc::invalid_argument) << url;
    EXPECT_EQ(parsed.error().message.find("pw"), std::string::npos);
  }
}

}  // namespace
}  // namespace kefu::http
