#include "error_json.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace kefu::gateway {
namespace {

TEST(ErrorJson, HasOneShapeAndNeverTheDetail) {
  const auto response =
      error_response({Errc::unavailable, "index cannot be reached", "nats://10.0.0.1"}, "req-1", "/v1/ask");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.fields.get("Retry-After"), "1");
  EXPECT_EQ(response.fields.get("Content-Type"), "application/json");
  EXPECT_EQ(response.body,
            R"({"error":{"code":"unavailable","message":"index cannot be reached","request_id":"req-1"}})");
}

TEST(ErrorJson, SaysRetryAfterOnlyWhereWaitingHelps) {
  EXPECT_EQ(error_response({Errc::rate_limited, "m"}, "r", "/v1/ask").fields.get("Retry-After"), "1");
  EXPECT_EQ(error_response({Errc::overloaded, "m"}, "r", "/v1/ask").fields.get("Retry-After"), "1");
  EXPECT_EQ(error_response({Errc::invalid_argument, "m"}, "r", "/v1/ask").fields.get("Retry-After"), "");
  EXPECT_EQ(error_response({Errc::insufficient_storage, "m"}, "r", "/v1/ask").status, 507);
}

TEST(ErrorJson, HasTheFieldsOfOpenAiOnItsPaths) {
  const auto error = [](Error what, const char* path) {
    return nlohmann::json::parse(error_response(what, "r", path).body)["error"];
  };
  const auto wrong =
      error({Errc::invalid_argument, "field \"messages[0].role\" is missing"}, "/v1/chat/completions");
  EXPECT_EQ(wrong["type"], "invalid_request_error");
  EXPECT_EQ(wrong["param"], "messages[0].role");
  EXPECT_EQ(wrong["code"], "invalid_argument");
  EXPECT_EQ(wrong["request_id"], "r");
  const auto unknown = error({Errc::not_found, "there is no model \"field \"x\"\""}, "/v1/models/x");
  EXPECT_EQ(unknown["type"], "invalid_request_error");
  EXPECT_TRUE(unknown["param"].is_null());
  EXPECT_EQ(error({Errc::unauthenticated, "m"}, "/v1/models")["type"], "authentication_error");
  EXPECT_EQ(error({Errc::rate_limited, "m"}, "/v1/embeddings")["type"], "rate_limit_error");
  EXPECT_EQ(error({Errc::budget_exhausted, "m"}, "/v1/embeddings")["type"], "insufficient_quota");
  EXPECT_EQ(error({Errc::unavailable, "m"}, "/v1/embeddings")["type"], "server_error");
  EXPECT_FALSE(error({Errc::not_found, "m"}, "/v1/kbs/models").contains("type"));
}

TEST(ErrorJson, StaysValidJsonWhateverTheMessageQuotes) {
  const std::string body = error_json({Errc::not_found, "no \"\xFF\" here"}, "r");
  EXPECT_TRUE(nlohmann::json::accept(body)) << body;
}

}  // namespace
}  // namespace kefu::gateway
