#include "connect_proxy.hpp"
#include "tls_front.hpp"

#include <kefu/provider/client.hpp>
#include <kefu/testing/fake_endpoint.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace kefu::provider {
namespace {

using namespace std::chrono_literals;
using kefu::testing::FakeEndpoint;
using kefu::testing::run_task;
using testing::ConnectProxy;
using ::testing::HasSubstr;
using ::testing::Not;

/// A model behind TLS that only the proxy reaches: nothing listens on the port of its URL.
class ProxyTest : public ::testing::Test {
 protected:
  ~ProxyTest() override {
    client.reset();
    run_task(io, proxy.close());
    run_task(io, tls.close());
  }

  void make(const std::string& credentials = {}, const std::string& no_proxy = {}) {
    const auto rules =
        http::ProxyRules::parse(fmt::format("http://{}127.0.0.1:{}", credentials, proxy.port()), no_proxy);
    ASSERT_TRUE(rules) << rules.error().message;
    client.emplace(io.get_executor(),
                   ClientOptions{.role = kLlm,
                                 .endpoint = {.base_url = "https://localhost:1/v1",
                                              .model = "m",
                                              .api_key = "sk-secret",
                                              .ca_file = tls.ca_file()},
                                 .proxy = *rules,
                                 .attempts = 1},
                   metrics);
  }
  Outcome post() {
    return run_task(io, client->post(
                            "/chat", "{}", [this](std::string body) { return take(std::move(body)); },
                            Deadline::in(10s)));
  }
  Task<Result<>> take(std::string body) {
    answer = std::move(body);
    co_return Result<>{};
  }

  asio::io_context io;
  telemetry::Metrics metrics;
  FakeEndpoint endpoint{io};
  answer::testing::TlsFront tls{io, endpoint.port()};
  ConnectProxy proxy{io, tls.port()};
  std::optional<Client> client;
  std::string answer;
};

TEST_F(ProxyTest, TunnelsToAProviderAndShowsTheProxyHostAndPortAlone) {
  endpoint.then(FakeEndpoint::responds(200, "answer"));
  make();
  for (int i = 0; i < 3; ++i) {
    const Outcome outcome = post();
    ASSERT_TRUE(outcome.result) << outcome.result.error().detail;
  }
  EXPECT_EQ(answer, "answer");
  EXPECT_EQ(endpoint.seen()[0].authorization, "Bearer sk-secret");
  ASSERT_EQ(proxy.seen().size(), 1U);  // the tunnel is kept
  EXPECT_THAT(proxy.seen()[0], ::testing::StartsWith("CONNECT localhost:1 HTTP/1.1\r\n"));
  EXPECT_THAT(proxy.seen()[0], Not(HasSubstr("sk-secret")));
}

TEST_F(ProxyTest, ShowsTheProxyItsCredentials) {
  endpoint.then(FakeEndpoint::responds(200, "answer"));
  proxy.require("Basic dXNlcjpzZWNyZXQ=");
  make("user:secret@");
  EXPECT_TRUE(post().result);
  make();
  const Outcome refused = post();
  ASSERT_FALSE(refused.result);
  EXPECT_EQ(refused.result.error().code, Errc::unavailable);
  EXPECT_EQ(refused.result.error().message, "the language model cannot be reached");
  EXPECT_THAT(refused.result.error().detail, HasSubstr("the proxy refused its credentials"));
}

TEST_F(ProxyTest, SaysWhatAProxySaidThatDoesNotTunnel) {
  endpoint.then(FakeEndpoint::responds(200, "answer"));
  make("user:secret@");
  for (const auto& [response, reason] :
       {std::pair("HTTP/1.1 502 Bad Gateway\r\n\r\n", "the proxy refused the connection"),
        std::pair("220 mail ready\r\n\r\n", "the proxy does not speak HTTP"),
        std::pair("HTTP/1.1 200 OK\r\n", "the proxy closed the connection")}) {
    proxy.refuse_with(response);
    const Outcome outcome = post();
    ASSERT_FALSE(outcome.result);
    EXPECT_THAT(outcome.result.error().detail, HasSubstr(reason));
    EXPECT_THAT(outcome.result.error().detail, Not(HasSubstr("secret")));
  }
  EXPECT_TRUE(endpoint.seen().empty());
}

TEST_F(ProxyTest, ReachesDirectlyWhomItIsToldTo) {
  endpoint.then(FakeEndpoint::responds(200, "answer"));
  make({}, "localhost");
  EXPECT_FALSE(post().result);  // nobody listens there
  EXPECT_TRUE(proxy.seen().empty());
}

}  // namespace
}  // namespace kefu::provider
