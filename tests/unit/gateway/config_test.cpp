#include "config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kefu::gateway {
namespace {

using ::testing::HasSubstr;

TEST(GatewayConfig, TakesEveryAddress) {
  for (const char* address : {"127.0.0.1", "::1", "0.0.0.0", "::", "10.1.2.3", "::ffff:127.0.0.1"}) {
    EXPECT_TRUE(validate({.listen_address = address})) << address;
  }
}

TEST(GatewayConfig, RefusesAnAdminKeyFileThatHoldsNoneARedisThatIsNoneAndTooHighALimit) {
  EXPECT_THAT(validate({.admin_key_file = "/no/such/file"}).error().message, HasSubstr("admin-key-file"));
  EXPECT_FALSE(validate({.redis_url = "http://cache"}));
  EXPECT_FALSE(validate({.redis_url = ""}));
  EXPECT_TRUE(validate({.redis_url = "none"}));
  EXPECT_FALSE(validate({.requests_per_minute = 1'000'001}));
}

TEST(GatewayConfig, RefusesWhatIsNoAddressAndLimitsOfZero) {
  EXPECT_FALSE(validate({.listen_address = "localhost"}));
  EXPECT_FALSE(validate({.listen_address = ""}));
  EXPECT_FALSE(validate({.max_asks = 0}));
}

}  // namespace
}  // namespace kefu::gateway
