#include "tunnel.hpp"

#include <kefu/http/client.hpp>
#include <kefu/http/proxy.hpp>

#include <gtest/gtest.h>

namespace kefu::http {
namespace {

Url url_of(const std::string& url) { return parse_url(url).value_or(Url{}); }

bool direct(std::string_view no_proxy, const std::string& url) {
  const auto rules = ProxyRules::parse("proxy:3128", no_proxy);
  return rules && rules->proxy_for(url_of(url)) == nullptr;
}

TEST(ProxyRules, TakeAProxyWithItsCredentials) {
  const auto rules = ProxyRules::parse("http://user:p%40s%2Fs@proxy.example:3128/", "");
  ASSERT_TRUE(rules);
  const Proxy* const proxy = rules->proxy_for(url_of("https://api.example/v1"));
  ASSERT_NE(proxy, nullptr);
  EXPECT_EQ(proxy->host, "proxy.example");
  EXPECT_EQ(proxy->port, "3128");
  EXPECT_EQ(proxy->authorization, "Basic dXNlcjpwQHMvcw==");  // user:p@s/s
  EXPECT_EQ(ProxyRules::parse("proxy", "")->proxy_for(url_of("https://a"))->port, "80");
}

TEST(ProxyRules, AreForHttpsOnly) { EXPECT_TRUE(direct("", "http://api.example/v1")); }

TEST(ProxyRules, KnowWhomToReachDirectly) {
  EXPECT_FALSE(direct("", "https://api.example"));
  EXPECT_TRUE(direct("*", "https://api.example"));
  EXPECT_TRUE(direct("other, api.example", "https://API.example"));
  EXPECT_TRUE(direct("example.com", "https://api.example.com"));
  EXPECT_TRUE(direct(".example.com", "https://api.example.com"));
  EXPECT_TRUE(direct("*.example.com", "https://api.example.com"));
  EXPECT_FALSE(direct("example.com", "https://notexample.com"));
  EXPECT_FALSE(direct("example.com", "https://example.com.other"));
  EXPECT_TRUE(direct("example.com:443", "https://example.com"));
  EXPECT_FALSE(direct("example.com:8443", "https://example.com"));
  EXPECT_TRUE(direct("10.0.0.0/8", "https://10.1.2.3"));
  EXPECT_FALSE(direct("10.0.0.0/8", "https://11.1.2.3"));
  EXPECT_TRUE(direct("127.0.0.1", "https://127.0.0.1:8443"));
  EXPECT_TRUE(direct("[::1]:8443", "https://[::1]:8443"));
  EXPECT_TRUE(direct("::1", "https://[::1]:8443"));
  EXPECT_TRUE(direct("fd00::/8", "https://[fd12::1]"));
  EXPECT_FALSE(direct(", ,", "https://api.example"));
}

TEST(ProxyRules, RefuseWhatIsNoProxyWithoutItsPassword) {
  for (const auto* const proxy : {"https://user:secret@proxy:1", "socks5://user:secret@proxy:1",
                                  "user:secret@:1", "user:1/secret@proxy", "http://proxy:port"}) {
    const auto rules = ProxyRules::parse(proxy, "");
    ASSERT_FALSE(rules) << proxy;
    EXPECT_TRUE(rules.error().message.starts_with("HTTPS_PROXY")) << rules.error().message;
    EXPECT_EQ(rules.error().message.find("secret"), std::string::npos);
  }
  EXPECT_TRUE(ProxyRules::parse(" ", ""));
}

TEST(Tunnel, AsksForHostAndPort) {
  EXPECT_EQ(
      connect_request({.host = "p", .port = "1", .authorization = "Basic x"}, url_of("https://host/v1")),
      "CONNECT host:443 HTTP/1.1\r\nHost: host:443\r\nUser-Agent: kefu\r\nProxy-Authorization: Basic "
      "x\r\n\r\n");
  EXPECT_TRUE(connect_request({.host = "p", .port = "1"}, url_of("https://[::1]:8443/"))
                  .starts_with("CONNECT [::1]:8443 HTTP/1.1\r\n"));
}

TEST(Tunnel, IsMadeByAnAnswerThatAllowsItAndSaysNothingElse) {
  EXPECT_TRUE(check_tunnel("HTTP/1.1 200 Connection established\r\n\r\n"));
  EXPECT_TRUE(check_tunnel("HTTP/1.0 200 OK\r\nVia: x\r\n\r\n"));
  const auto refusal = [](std::string_view head) { return check_tunnel(head).error().message; };
  EXPECT_EQ(refusal("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"),
            "the proxy refused its credentials");
  EXPECT_EQ(refusal("HTTP/1.1 503 No\r\n\r\n"), "the proxy refused the connection");
  EXPECT_EQ(refusal("HTTP/1.1 200 OK\r\n\r\nmore"), "the proxy said more than its answer");
  for (const auto* const head : {"", "HTTP", "SSH-2.0-x\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n"})
    EXPECT_EQ(refusal(head), "the proxy does not speak HTTP") << head;
}

}  // namespace
}  // namespace kefu::http
