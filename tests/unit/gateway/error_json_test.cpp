#include "error_json.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace kefu::gateway {
namespace {

TEST(ErrorJson, HasOneShapeAndNeverTheDetail) {
  const auto response =
      error_response({Errc::unavailable, "index cannot be reached", "nats://10.0.0.1"}, "req-1");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.fields.get("Retry-After"), "1");
  EXPECT_EQ(response.fields.get("Content-Type"), "application/json");
  EXPECT_EQ(response.body,
            R"({"error":{"code":"unavailable","message":"index cannot be reached","request_id":"req-1"}})");
}

TEST(ErrorJson, SaysRetryAfterOnlyWhereWaitingHelps) {
  EXPECT_EQ(error_response({Errc::rate_limited, "m"}, "r").fields.get("Retry-After"), "1");
  EXPECT_EQ(error_response({Errc::overloaded, "m"}, "r").fields.get("Retry-After"), "1");
  EXPECT_EQ(error_response({Errc::invalid_argument, "m"}, "r").fields.get("Retry-After"), "");
  EXPECT_EQ(error_response({Errc::insufficient_storage, "m"}, "r").status, 507);
}

TEST(ErrorJson, StaysValidJsonWhateverTheMessageQuotes) {
  const std::string body = error_json({Errc::not_found, "no \"\xFF\" here"}, "r");
  EXPECT_TRUE(nlohmann::json::accept(body)) << body;
}

}  // namespace
}  // namespace kefu::gateway
