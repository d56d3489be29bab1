#include "access.hpp"

#include <gtest/gtest.h>

namespace kefu::gateway {
namespace {

Errc outcome(const AccessRule& rule, const std::string& host, const std::string& origin = {}) {
  http::Fields fields{{"Host", host}};
  if (!origin.empty()) fields.set("Origin", origin);
  const auto checked = rule.check(fields);
  return checked ? Errc{-1} : checked.error().code;
}
constexpr Errc kAllowed{-1};

TEST(AccessRule, TakesLoopbackNamesWithAndWithoutAPort) {
  const AccessRule rule("");
  for (const char* host :
       {"localhost", "LocalHost:8080", "127.0.0.1", "127.0.0.1:8080", "127.9.9.9:1", "[::1]", "[::1]:8080"}) {
    EXPECT_EQ(outcome(rule, host), kAllowed) << host;
  }
}

TEST(AccessRule, RefusesOtherHostsAndWhatIsNoHost) {
  const AccessRule rule("");
  for (const char* host :
       {"", "evil.example", "localhost.evil.example", "10.0.0.5", "127.0.0.1.evil.example", "localhost:80x",
        "localhost:", "[::1", "127.0.0.1@evil.example", "2130706433", "::1"}) {
    EXPECT_EQ(outcome(rule, host), Errc::permission_denied) << host;
  }
}

TEST(AccessRule, TakesConfiguredHostsWithoutRegardToCaseAndSpaces) {
  const AccessRule rule(" Kefu.Example ,kefu-gateway,,");
  EXPECT_EQ(outcome(rule, "kefu.example:443"), kAllowed);
  EXPECT_EQ(outcome(rule, "KEFU-GATEWAY"), kAllowed);
  EXPECT_EQ(outcome(rule, "localhost"), kAllowed);
  EXPECT_EQ(outcome(rule, "other.example"), Errc::permission_denied);
}

TEST(AccessRule, TakesAnOriginThatIsTheHostItselfAndNoOther) {
  const AccessRule rule("");
  EXPECT_EQ(outcome(rule, "localhost:8080", "http://localhost:8080"), kAllowed);
  EXPECT_EQ(outcome(rule, "localhost:8080", "https://LOCALHOST:8080"), kAllowed);
  for (const char* origin : {"http://localhost:3000", "http://localhost", "https://evil.example", "null",
                             "file://", "http://127.0.0.1:8080", "http://localhost:8080.evil.example"}) {
    EXPECT_EQ(outcome(rule, "localhost:8080", origin), Errc::permission_denied) << origin;
  }
}

}  // namespace
}  // namespace kefu::gateway
