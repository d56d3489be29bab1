#include "config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kefu::gateway {
namespace {

using ::testing::HasSubstr;

TEST(GatewayConfig, ListensOnLoopbackWithoutFurtherConsent) {
  for (const char* address : {"127.0.0.1", "127.1.2.3", "::1"}) {
    EXPECT_TRUE(validate({.listen_address = address})) << address;
  }
}

TEST(GatewayConfig, RefusesAnAddressThatOthersReachUnlessToldThatTheNetworkIsPrivate) {
  for (const char* address : {"0.0.0.0", "::", "10.1.2.3", "::ffff:127.0.0.1"}) {
    const auto refused = validate({.listen_address = address});
    ASSERT_FALSE(refused) << address;
    EXPECT_THAT(refused.error().message, HasSubstr("allow-unauthenticated"));
    EXPECT_TRUE(validate({.listen_address = address, .allow_unauthenticated = true})) << address;
  }
}

TEST(GatewayConfig, RefusesWhatIsNoAddressAndLimitsOfZero) {
  EXPECT_FALSE(validate({.listen_address = "localhost"}));
  EXPECT_FALSE(validate({.listen_address = ""}));
  EXPECT_FALSE(validate({.max_asks = 0}));
}

}  // namespace
}  // namespace kefu::gateway
