#include "gateway_harness.hpp"

#include <kefu/proto/subjects.hpp>
#include <kefu/testing/process.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kefu::gateway {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class BadInput : public ::testing::Test {
 protected:
  void expect_error(const http::Response& response, int status, const std::string& code,
                    const std::string& message) {
    EXPECT_EQ(response.status, status) << response.body;
    const json body = json_of(response);
    ASSERT_TRUE(body.is_object()) << response.body;
    EXPECT_EQ(body["error"]["code"], code);
    EXPECT_THAT(body["error"]["message"].get<std::string>(), HasSubstr(message));
    EXPECT_EQ(body["error"]["request_id"], std::string(response.fields.get("X-Request-Id")));
    EXPECT_FALSE(response.fields.get("X-Request-Id").empty());
  }

  GatewayHarness gateway_;
};

TEST_F(BadInput, InAQuestionIsNamed) {
  const struct {
    const char* body;
    const char* message;
  } cases[]{
      {R"({"kb":"shop","question":"q",})", "malformed JSON at byte"},
      {"", "empty"},
      {R"([1])", "JSON object"},
      {R"({"kb":"shop","question":""})", "\"question\" is empty"},
      {R"({"kb":"shop"})", "\"question\" is missing"},
      {R"({"question":"q"})", "\"kb\" is missing"},
      {R"({"kb":"shop","question":"q","temperature":1})", "unknown field \"temperature\""},
      {R"({"kb":"shop","question":"q","top_k":0})", "\"top_k\" must be a whole number from 1 to 50"},
      {R"({"kb":"shop","question":"q","top_k":51})", "\"top_k\""},
      {R"({"kb":"shop","question":"q","top_k":"5"})", "\"top_k\""},
      {R"({"kb":"shop","question":5})", "\"question\" must be a string"},
      {R"({"kb":"shop","question":"q","stream":1})", "\"stream\" must be true or false"},
      {R"({"kb":"shop","question":"q","mode":"x"})", "\"mode\""},
      {"{\"kb\":\"shop\",\"question\":\"\xC3\x28\"}", "UTF-8"},
  };
  for (const auto& [body, message] : cases) {
    SCOPED_TRACE(body);
    expect_error(gateway_.post_json("/v1/ask", body), 400, "invalid_argument", message);
  }
  EXPECT_TRUE(gateway_.metric_becomes(
      R"(kefu_gateway_requests_total{method="POST",route="/v1/ask",status="4xx"})", std::size(cases)));
  EXPECT_TRUE(gateway_.metric_becomes(
      R"(kefu_gateway_errors_total{code="invalid_argument",method="POST",route="/v1/ask"})",
      std::size(cases)));
}

TEST_F(BadInput, OfAnotherContentTypeIsRefusedUnread) {
  for (const char* type :
       {"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"}) {
    expect_error(gateway_.post_json("/v1/ask", R"({"kb":"shop","question":"q"})", {{"Content-Type", type}}),
                 415, "unsupported_media_type", "application/json");
  }
  expect_error(gateway_.send({.method = "POST", .url = gateway_.url("/v1/kbs/shop/search"), .body = "{}"}),
               415, "unsupported_media_type", "application/json");
}

TEST_F(BadInput, OverTheLimitOfItsSizeIsRefused) {
  const std::string body = json{{"kb", "shop"}, {"question", std::string(70000, 'q')}}.dump();
  expect_error(gateway_.post_json("/v1/ask", body), 413, "payload_too_large", "");
}

TEST_F(BadInput, InAPathIsRefused) {
  expect_error(gateway_.get("/v1/kbs/a%2Fb"), 400, "invalid_argument", "'/'");
  expect_error(gateway_.get("/v1/kbs/%FF"), 400, "invalid_argument", "UTF-8");
  expect_error(gateway_.get("/v1/kbs/a%0Ab"), 400, "invalid_argument", "control");
  expect_error(gateway_.get("/v1/jobs/x"), 404, "not_found", "no such job");
  expect_error(gateway_.get("/v1/nothing"), 404, "not_found", "");
}

TEST_F(BadInput, InTheMethodIsAnErrorOfTheClient) {
  const auto refused = gateway_.send({.method = "PATCH", .url = gateway_.url("/v1/ask")});
  expect_error(refused, 405, "method_not_allowed", "POST");
  EXPECT_EQ(refused.fields.get("Allow"), "POST");
  EXPECT_TRUE(gateway_.metric_becomes(
      R"(kefu_gateway_requests_total{method="other",route="other",status="4xx"})", 1));
  EXPECT_EQ(gateway_.metric(R"(kefu_gateway_requests_total{method="other",route="other",status="5xx"})"), 0);
}

TEST_F(BadInput, FromAPageOfAnotherOriginOrUnderAnotherHostIsRefused) {
  const std::string body = R"({"kb":"shop","question":"q"})";
  expect_error(gateway_.post_json("/v1/ask", body, {{"Origin", "https://evil.example"}}), 403,
               "permission_denied", "origin");
  for (const char* path : {"/v1/ask", "/v1/nothing"}) {
    const std::string output =
        testing::run_command({"curl", "-sS", "-w", "\n%{http_code}", "-H", "Host: evil.example", "--json",
                              body, gateway_.url(path)});
    EXPECT_THAT(output, HasSubstr("permission_denied"));
    EXPECT_THAT(output, HasSubstr("\n403"));
  }
}

TEST_F(BadInput, AnUnsafeRequestIdIsReplacedAndASafeOneKept) {
  const auto kept = gateway_.post_json("/v1/ask", "{}", {{"X-Request-Id", "order-77"}});
  EXPECT_EQ(kept.fields.get("X-Request-Id"), "order-77");
  EXPECT_EQ(json_of(kept)["error"]["request_id"], "order-77");
  const auto replaced = gateway_.post_json("/v1/ask", "{}", {{"X-Request-Id", "a b\"c"}});
  EXPECT_NE(replaced.fields.get("X-Request-Id"), "a b\"c");
}

TEST_F(BadInput, AnErrorOfAServiceKeepsItsMessageAndLosesItsDetail) {
  gateway_.serve(
      proto::kRetrieve, [](RequestContext, bus::Message, bus::ReplySink&) -> Task<Result<std::string>> {
        co_return fail(Errc::not_found, "there is no knowledge base \"shop\"", "replica at 10.0.0.7");
      });
  const auto response = gateway_.post_json("/v1/kbs/shop/search", R"({"question":"q"})");
  expect_error(response, 404, "not_found", "there is no knowledge base \"shop\"");
  EXPECT_THAT(response.body, ::testing::Not(HasSubstr("10.0.0.7")));
}

TEST_F(BadInput, OfAServiceIsABadGateway) {
  gateway_.serve(proto::kRetrieve,
                 [](RequestContext, bus::Message, bus::ReplySink&) -> Task<Result<std::string>> {
                   co_return std::string("\xFF\xFF not protobuf");
                 });
  expect_error(gateway_.post_json("/v1/kbs/shop/search", R"({"question":"q"})"), 502, "bad_upstream", "");
}

TEST_F(BadInput, CurlSeesTheSameErrors) {
  const std::string output =
      testing::run_command({"curl", "-sS", "-o", "/dev/stdout", "-w", "\n%{http_code} %{content_type}",
                            "--json", R"({"kb":"shop"})", gateway_.url("/v1/ask")});
  EXPECT_THAT(output, HasSubstr("\"question\\\" is missing"));
  EXPECT_THAT(output, HasSubstr("\n400 application/json"));
}

}  // namespace
}  // namespace kefu::gateway
