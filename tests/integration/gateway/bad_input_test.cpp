#include "gateway_harness.hpp"

#include <kefu/proto/subjects.hpp>
#include <kefu/testing/process.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kefu::gateway {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class BadInput : public ::testing::Test {
 protected:
  explicit BadInput(http::ServerOptions server_options = {.port = 0})
      : gateway_({}, {}, std::move(server_options)) {}

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
      {R"({"kb":"shop","question":"q","kb":"mine"})", "\"kb\" is given twice"},
      {R"({"kb":"shop","question":"q","session":""})", "\"session\" is empty"},
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
  expect_error(gateway_.get("/v1/kbs/a%2Fb"), 400, "invalid_argument", "letters, digits, - and _");
  expect_error(gateway_.get("/v1/kbs/%FF"), 400, "invalid_argument", "UTF-8");
  expect_error(gateway_.get("/v1/kbs/a%20b"), 400, "invalid_argument", "letters, digits, - and _");
  expect_error(gateway_.get("/v1/kbs/" + std::string(65, 'a')), 400, "invalid_argument", "64 characters");
  expect_error(gateway_.get("/v1/kbs/shop/documents/a%0Ab"), 400, "invalid_argument", "control");
  expect_error(gateway_.get("/v1/jobs/x"), 404, "not_found", "no such job");
  expect_error(gateway_.get("/v1/nothing"), 404, "not_found", "");
}

TEST_F(BadInput, InTheQueryIsNamed) {
  expect_error(gateway_.get("/v1/jobs?limt=5"), 400, "invalid_argument", "unknown query parameter \"limt\"");
  expect_error(gateway_.post_json("/v1/ask?kb=shop", R"({"kb":"shop","question":"q"})"), 400,
               "invalid_argument", "\"kb\"");
  expect_error(gateway_.get("/openapi.json?v=1"), 400, "invalid_argument", "\"v\"");
  expect_error(gateway_.get("/v1/jobs?limit=0"), 400, "invalid_argument", "from 1 to 200");
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

TEST_F(BadInput, IsNotToBlameWhereAServiceIsNotThereWhichIsNamed) {
  gateway_.add_knowledge_base("shop", "inc-1");
  const auto expect_absent = [&](const http::Response& response, const std::string& service) {
    expect_error(response, 503, "unavailable", "the " + service + " service does not answer");
  };
  expect_absent(gateway_.post_json("/v1/ask", R"({"kb":"shop","question":"q"})"), "answer");
  expect_absent(gateway_.post_json("/v1/kbs/shop/search", R"({"question":"q"})"), "answer");
  expect_absent(gateway_.get("/v1/kbs"), "index");
  expect_absent(gateway_.get("/v1/kbs/shop/documents"), "index");
  expect_absent(gateway_.get("/v1/jobs"), "ingest");
  expect_absent(gateway_.post_json("/v1/embeddings", R"({"input":"q"})"), "embedding");
}

TEST_F(BadInput, OrGoodGetsARequestId) {
  gateway_.run([&] {
    gateway_.flow().open_routes().add("GET", "/healthz", [](http::Exchange& exchange) -> Task<void> {
      (void)co_await exchange.respond({.body = "ok"});
    });
  });
  for (const char* path : {"/healthz", "/openapi.json", "/nothing"}) {
    EXPECT_FALSE(gateway_.get(path).fields.get("X-Request-Id").empty()) << path;
    const auto named = gateway_.send({.url = gateway_.url(path), .fields = {{"X-Request-Id", "probe-1"}}});
    EXPECT_EQ(named.fields.get("X-Request-Id"), "probe-1") << path;
  }
  expect_error(gateway_.send({.method = "PATCH", .url = gateway_.url("/healthz")}), 405, "method_not_allowed",
               "GET");
}

class StalledInput : public BadInput {
 protected:
  StalledInput()
      : BadInput(http::ServerOptions{.port = 0, .progress_timeout = std::chrono::milliseconds(50)}) {
    gateway_.add_knowledge_base("shop", "inc-1");
  }
  /// What the gateway answers to this before it closes the connection.
  std::string answer_to(const std::string& text) {
    asio::io_context io;
    asio::ip::tcp::socket socket(io);
    socket.connect({asio::ip::make_address("127.0.0.1"), gateway_.port()});
    asio::write(socket, asio::buffer(text));
    std::string answer;
    boost::system::error_code closed;
    asio::read(socket, asio::dynamic_buffer(answer), closed);
    return answer;
  }
  static void expect_timeout(const std::string& answer) {
    EXPECT_THAT(answer, ::testing::StartsWith("HTTP/1.1 408 "));
    EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
    EXPECT_THAT(answer, HasSubstr("X-Request-Id: "));
    EXPECT_THAT(answer, HasSubstr(R"("code":"deadline_exceeded")"));
  }
};

TEST_F(StalledInput, IsToldSoAndIsTheFaultOfTheClient) {
  expect_timeout(
      answer_to("POST /v1/ask HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                "Content-Length: 100\r\n\r\n{\"kb\""));
  EXPECT_TRUE(gateway_.metric_becomes(
      R"(kefu_gateway_requests_total{method="POST",route="/v1/ask",status="4xx"})", 1));
  expect_timeout(answer_to("GET /v1/kbs HTTP/1.1\r\nHos"));
  EXPECT_TRUE(gateway_.metric_becomes(
      R"(kefu_gateway_requests_total{method="other",route="other",status="4xx"})", 1));
}

TEST_F(StalledInput, OfAnUploadIsInTheAuditAsItEnded) {
  expect_timeout(
      answer_to("POST /v1/kbs/shop/documents?filename=a.txt HTTP/1.1\r\nHost: localhost\r\n"
                "Content-Length: 100\r\n\r\nhalf"));
  EXPECT_EQ(json::parse(gateway_.get("/v1/audit").body)["status"], 408);
  EXPECT_EQ(gateway_.stored_messages(proto::kJobsStream), 0U);
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
