#include "gateway_harness.hpp"
#include "kefu/v1/ask.pb.h"

#include <kefu/async/signal.hpp>
#include <kefu/http/sse.hpp>
#include <kefu/proto/subjects.hpp>
#include <kefu/testing/process.hpp>
#include <kefu/testing/run_task.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <thread>

namespace kefu::gateway {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using ::testing::HasSubstr;
using testing::run_command;

constexpr auto kQuestion = R"({"kb":"shop","question":"运费谁出?"})";
constexpr auto kStreamedQuestion = R"({"kb":"shop","question":"运费谁出?","stream":true})";

std::string sources_event() {
  kefu::v1::AskEvent event;
  event.mutable_sources()->add_sources()->set_document("shipping");
  return event.SerializeAsString();
}
std::string delta_event(const std::string& text) {
  kefu::v1::AskEvent event;
  event.set_delta(text);
  return event.SerializeAsString();
}
std::string done_event(const std::string& answer) {
  kefu::v1::AskEvent event;
  event.mutable_done()->set_answer(answer);
  event.mutable_done()->set_decision(kefu::v1::DECISION_FAQ);
  return event.SerializeAsString();
}

/// Whatever is asked, with events when they are wanted.
Task<Result<std::string>> answer(RequestContext, bus::Message message, bus::ReplySink& sink) {
  kefu::v1::AskRequest request;
  EXPECT_TRUE(request.ParseFromString(message.payload));
  if (request.stream()) {
    KEFU_CO_CHECK(sink.send(sources_event()));
    KEFU_CO_CHECK(sink.send(delta_event("买家\n")));
    KEFU_CO_CHECK(sink.send(delta_event("承担。")));
  }
  co_return done_event("买家\n承担。");
}

/// An answer service that does not do so well. Must outlive the gateway.
class Troubled {
 public:
  using Method = Task<Result<std::string>> (Troubled::*)(RequestContext, bus::Message, bus::ReplySink&);

  bus::Handler handler(Method method) {
    return [this, method](RequestContext context, bus::Message message, bus::ReplySink& sink) {
      ++asked;
      return (this->*method)(std::move(context), std::move(message), sink);
    };
  }

  Task<Result<std::string>> fail_once(RequestContext context, bus::Message message, bus::ReplySink& sink) {
    if (asked == 1) co_return fail(Errc::not_ready, "this replica has not caught up");
    co_return co_await answer(std::move(context), std::move(message), sink);
  }
  Task<Result<std::string>> fail_always(RequestContext, bus::Message, bus::ReplySink&) {
    co_return fail(code, "no");
  }
  Task<Result<std::string>> fail_midway(RequestContext, bus::Message, bus::ReplySink& sink) {
    KEFU_CO_CHECK(sink.send(sources_event()));
    co_return fail(Errc::unavailable, "the index cannot be reached", "secret detail");
  }
  Task<Result<std::string>> take_too_long(RequestContext context, bus::Message, bus::ReplySink&) {
    EXPECT_LE(context.deadline.remaining(), 100ms);
    co_await sleep_for(context.deadline.remaining() + 50ms);
    co_return done_event("late");
  }
  Task<Result<std::string>> wait_until_told(RequestContext, bus::Message, bus::ReplySink&) {
    while (!told) co_await sleep_for(1ms);
    co_return done_event("yes");
  }
  Task<Result<std::string>> talk_until_told(RequestContext, bus::Message, bus::ReplySink& sink) {
    while (!told) {
      KEFU_CO_CHECK(sink.send(delta_event(std::string(10000, 'x'))));
      co_await sleep_for(1ms);
    }
    co_return done_event("too late");
  }

  std::atomic<int> asked = 0;
  std::atomic<bool> told = false;
  std::atomic<Errc> code = Errc::unavailable;
};

std::vector<http::SseEvent> events_of(const std::string& body) {
  http::SseParser parser;
  return parser.feed(body).value();
}

TEST(Ask, GivesOneJsonObject) {
  GatewayHarness gateway;
  gateway.serve(proto::kAsk, answer);
  const auto response = gateway.post_json("/v1/ask", kQuestion, {{"X-Request-Id", "q-1"}});
  EXPECT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(response.fields.get("Content-Type"), "application/json");
  EXPECT_EQ(response.fields.get("X-Request-Id"), "q-1");
  const json body = json_of(response);
  EXPECT_EQ(body["answer"], "买家\n承担。");
  EXPECT_EQ(body["decision"], "faq");
  EXPECT_EQ(body["request_id"], "q-1");
  EXPECT_TRUE(gateway.metric_becomes(
      R"(kefu_gateway_requests_total{method="POST",route="/v1/ask",status="2xx"})", 1));
  EXPECT_TRUE(
      gateway.metric_becomes(R"(kefu_gateway_request_seconds_count{method="POST",route="/v1/ask"})", 1));
}

TEST(Ask, StreamsEventsWhenToldByTheBodyOrByAccept) {
  GatewayHarness gateway;
  gateway.serve(proto::kAsk, answer);
  const auto by_body = gateway.post_json("/v1/ask", kStreamedQuestion);
  const auto by_header = gateway.post_json("/v1/ask", kQuestion, {{"Accept", "text/event-stream"}});
  for (const auto& response : {by_body, by_header}) {
    EXPECT_EQ(response.status, 200) << response.body;
    EXPECT_EQ(response.fields.get("Content-Type"), "text/event-stream");
    EXPECT_FALSE(response.fields.get("X-Request-Id").empty());
    const auto events = events_of(response.body);
    ASSERT_EQ(events.size(), 4U) << response.body;
    EXPECT_EQ(events[0].event, "sources");
    EXPECT_EQ(json::parse(events[0].data)["sources"][0]["document"], "shipping");
    EXPECT_EQ(events[1].event, "delta");
    EXPECT_EQ(json::parse(events[1].data)["text"], "买家\n");
    EXPECT_EQ(events[3].event, "done");
    EXPECT_EQ(json::parse(events[3].data)["answer"], "买家\n承担。");
  }
}

TEST(Ask, IsReadByCurlAsItComes) {
  GatewayHarness gateway;
  gateway.serve(proto::kAsk, answer);
  const std::string output = run_command({"curl", "-sSN", "-i", "-H", "Accept: text/event-stream", "--json",
                                          kQuestion, "-H", "Expect: 100-continue", gateway.url("/v1/ask")});
  EXPECT_THAT(output, HasSubstr("text/event-stream"));
  EXPECT_THAT(output, HasSubstr("event: sources\ndata: {\"sources\":["));
  EXPECT_THAT(output, HasSubstr("\n\nevent: done\ndata: {\"answer\":\"买家\\n承担。\""));
}

TEST(Ask, AsksAnotherReplicaOnceWhenTheFirstCannotBegin) {
  Troubled service;
  GatewayHarness gateway;
  gateway.serve(proto::kAsk, service.handler(&Troubled::fail_once));
  EXPECT_EQ(gateway.post_json("/v1/ask", kQuestion).status, 200);
  EXPECT_EQ(service.asked, 2);
  EXPECT_TRUE(gateway.metric_becomes("kefu_gateway_ask_retries_total", 1));
}

TEST(Ask, GivesUpAfterTheSecondReplicaAndAsksOnlyOnceWhereThatWouldNotHelp) {
  Troubled service;
  GatewayHarness gateway;
  gateway.serve(proto::kAsk, service.handler(&Troubled::fail_always));
  EXPECT_EQ(gateway.post_json("/v1/ask", kQuestion).status, 503);
  EXPECT_EQ(service.asked, 2);
  service.code = Errc::overloaded;
  EXPECT_EQ(gateway.post_json("/v1/ask", kQuestion).status, 503);
  EXPECT_EQ(service.asked, 3);
  service.code = Errc::not_found;
  EXPECT_EQ(gateway.post_json("/v1/ask", kStreamedQuestion).status,
            404);  // it has not begun: there is a status
  EXPECT_EQ(service.asked, 4);
}

TEST(Ask, EndsAStreamThatFailsMidwayWithAnErrorEventAndAsksNobodyElse) {
  Troubled service;
  GatewayHarness gateway;
  gateway.serve(proto::kAsk, service.handler(&Troubled::fail_midway));
  const auto response = gateway.post_json("/v1/ask", kStreamedQuestion, {{"X-Request-Id", "q-2"}});
  EXPECT_EQ(response.status, 200);
  const auto events = events_of(response.body);
  ASSERT_EQ(events.size(), 2U) << response.body;
  EXPECT_EQ(events[1].event, "error");
  EXPECT_EQ(
      json::parse(events[1].data)["error"],
      (json{{"code", "unavailable"}, {"message", "the index cannot be reached"}, {"request_id", "q-2"}}));
  EXPECT_EQ(service.asked, 1);
  EXPECT_TRUE(gateway.metric_becomes(
      R"(kefu_gateway_errors_total{code="unavailable",method="POST",route="/v1/ask"})", 1));
}

TEST(Ask, EndsWithTheTimeOfTheQuestion) {
  Troubled service;
  GatewayHarness gateway(GatewayConfig{.ask_timeout = 100ms});
  gateway.serve(proto::kAsk, service.handler(&Troubled::take_too_long));
  const auto response = gateway.post_json("/v1/ask", kQuestion);
  EXPECT_EQ(response.status, 504) << response.body;
  EXPECT_EQ(json_of(response)["error"]["code"], "deadline_exceeded");
}

constexpr auto kAsksInFlight = R"(kefu_gateway_requests_in_flight{method="POST",route="/v1/ask"})";

TEST(Ask, RefusesAtOnceOverTheLimitOfOpenQuestions) {
  Troubled service;
  GatewayHarness gateway(GatewayConfig{.max_asks = 1});
  gateway.serve(proto::kAsk, service.handler(&Troubled::wait_until_told));
  auto first = std::async(std::launch::async, [&] {
    return run_command({"curl", "-sS", "--json", kQuestion, gateway.url("/v1/ask")});
  });
  ASSERT_TRUE(eventually([&] { return service.asked == 1; }));
  const auto second = gateway.post_json("/v1/ask", kQuestion);
  EXPECT_EQ(second.status, 503);
  EXPECT_EQ(json_of(second)["error"]["code"], "overloaded");
  EXPECT_EQ(second.fields.get("Retry-After"), "1");
  service.told = true;
  EXPECT_THAT(first.get(), HasSubstr("\"answer\":\"yes\""));
  EXPECT_EQ(gateway.post_json("/v1/ask", kQuestion).status, 200);
  EXPECT_EQ(service.asked, 2);
}

TEST(Ask, GivesUpOnAClientThatDisconnects) {
  Troubled service;
  GatewayHarness gateway;
  gateway.serve(proto::kAsk, service.handler(&Troubled::talk_until_told));
  asio::io_context io;
  asio::ip::tcp::socket socket(io);
  socket.connect({asio::ip::make_address("127.0.0.1"), gateway.port()});
  const std::string body = kStreamedQuestion;
  asio::write(
      socket,
      asio::buffer(
          "POST /v1/ask HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: " +
          std::to_string(body.size()) + "\r\n\r\n" + body));
  std::string received;
  asio::read_until(socket, asio::dynamic_buffer(received), "event: delta");
  EXPECT_TRUE(gateway.metric_becomes(kAsksInFlight, 1));
  socket.close();
  EXPECT_TRUE(gateway.metric_becomes(kAsksInFlight, 0));
  EXPECT_TRUE(gateway.metric_becomes(
      R"(kefu_gateway_errors_total{code="cancelled",method="POST",route="/v1/ask"})", 1));
  service.told = true;
}

}  // namespace
}  // namespace kefu::gateway
