#include "open_ai_llm_client.hpp"

#include <kefu/http/server.hpp>
#include <kefu/http/sse.hpp>
#include <kefu/testing/run_task.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>

namespace kefu::answer {
namespace {

using namespace std::chrono_literals;

const std::string kHello = http::format_sse("", R"({"choices":[{"delta":{"content":"您好"}}]})");

/// A language model that fails in a way that the test chooses.
class MisbehavingLlm : public ::testing::Test {
 protected:
  using Behaviour = std::function<Task<void>(http::Exchange&)>;

  struct Outcome {
    Result<Completion> completion;
    std::string text;
  };

  Outcome complete_against(Behaviour behaviour, std::chrono::milliseconds time = 10s) {
    return kefu::testing::run_task(io_, run(std::move(behaviour), time));
  }

  static Behaviour respond(int status, std::string type, std::string body) {
    return [=](http::Exchange& exchange) { return respond_with(exchange, status, type, body); };
  }
  static Behaviour stream(std::string body, bool break_off) {
    return [=](http::Exchange& exchange) { return stream_body(exchange, body, break_off); };
  }

  static Task<void> respond_with(http::Exchange& exchange, int status, std::string type, std::string body) {
    (void)co_await exchange.read_body(1 << 20);
    (void)co_await exchange.respond(
        {.status = status, .fields = {{"Content-Type", type}}, .body = std::move(body)});
  }
  /// Breaking off: the handler returns without end_stream(), and the server closes the connection.
  static Task<void> stream_body(http::Exchange& exchange, std::string body, bool break_off) {
    (void)co_await exchange.read_body(1 << 20);
    (void)co_await exchange.begin_stream({.fields = {{"Content-Type", "text/event-stream"}}});
    (void)co_await exchange.write(std::move(body));
    if (!break_off) (void)co_await exchange.end_stream();
  }
  static Task<void> stay_silent(http::Exchange& exchange, std::string first_words, Signal* over) {
    (void)co_await exchange.read_body(1 << 20);
    if (!first_words.empty()) {
      (void)co_await exchange.begin_stream({.fields = {{"Content-Type", "text/event-stream"}}});
      (void)co_await exchange.write(std::move(first_words));
    }
    (void)co_await over->wait(Deadline::in(30s));
    if (!exchange.responded()) (void)co_await exchange.respond({.status = 503});
  }

  asio::io_context io_;
  Signal over_{io_.get_executor()};

 private:
  Task<Outcome> run(Behaviour behaviour, std::chrono::milliseconds time) {
    http::Server server(
        io_.get_executor(), {.port = 0}, behaviour, [](http::Exchange& exchange, Error error) {
          return respond_with(exchange, traits(error.code).http_status, "text/plain", error.message);
        });
    EXPECT_TRUE(server.start());
    http::Client client(io_.get_executor(), {});
    OpenAiLlmClient llm(client,
                        {.base_url = fmt::format("http://127.0.0.1:{}/v1/", server.port()), .model = "m"});
    Outcome outcome;
    outcome.completion = co_await llm.complete(
        {{"user", "?"}},
        [&outcome](std::string_view delta) -> Result<> {
          outcome.text += delta;
          return {};
        },
        Deadline::in(time));
    over_.raise();
    co_await server.drain();
    co_return outcome;
  }
};

void expect_error(const Result<Completion>& completion, Errc code) {
  ASSERT_FALSE(completion);
  EXPECT_EQ(completion.error().code, code) << completion.error().message << completion.error().detail;
}

TEST_F(MisbehavingLlm, RefusesTheKey) {
  expect_error(complete_against(respond(401, "application/json", R"({"error":{"message":"no"}})")).completion,
               Errc::bad_upstream);
}

TEST_F(MisbehavingLlm, IsOverItsRateLimit) {
  expect_error(complete_against(respond(429, "application/json", "{}")).completion, Errc::overloaded);
}

TEST_F(MisbehavingLlm, FailsByItself) {
  const auto outcome = complete_against(respond(500, "text/html", std::string(100'000, '<')));
  expect_error(outcome.completion, Errc::unavailable);
  EXPECT_LT(outcome.completion.error().detail.size(), 1000U);
}

TEST_F(MisbehavingLlm, AnswersWithAPageInsteadOfAStream) {
  expect_error(complete_against(respond(200, "text/html", "<html>welcome</html>")).completion,
               Errc::bad_upstream);
}

TEST_F(MisbehavingLlm, AnswersWithNothing) {
  expect_error(complete_against(respond(200, "text/event-stream", "")).completion, Errc::bad_upstream);
}

TEST_F(MisbehavingLlm, StreamsGarbage) {
  expect_error(complete_against(stream("data: {\"choices\": oops\n\n", false)).completion,
               Errc::bad_upstream);
  expect_error(complete_against(stream(std::string("\xff\xfe\0\1", 4), false)).completion,
               Errc::bad_upstream);
}

TEST_F(MisbehavingLlm, SendsAnEventWithoutEnd) {
  expect_error(complete_against(stream("data: " + std::string(2'000'000, 'x'), false)).completion,
               Errc::bad_upstream);
}

TEST_F(MisbehavingLlm, EndsItsStreamTooEarly) {
  const auto outcome = complete_against(stream(kHello, false));
  expect_error(outcome.completion, Errc::bad_upstream);
  EXPECT_EQ(outcome.text, "您好");
}

TEST_F(MisbehavingLlm, BreaksTheConnectionOff) {
  const auto outcome = complete_against(stream(kHello, true));
  expect_error(outcome.completion, Errc::bad_upstream);
  EXPECT_EQ(outcome.text, "您好");
}

TEST_F(MisbehavingLlm, SendsAnErrorInsideTheStream) {
  const auto outcome =
      complete_against(stream(kHello + http::format_sse("", R"({"error":{"message":"oom"}})"), false));
  expect_error(outcome.completion, Errc::bad_upstream);
}

TEST_F(MisbehavingLlm, SaysNothingUntilTheDeadline) {
  expect_error(
      complete_against([this](http::Exchange& exchange) { return stay_silent(exchange, "", &over_); }, 200ms)
          .completion,
      Errc::deadline_exceeded);
}

TEST_F(MisbehavingLlm, FallsSilentAfterItsFirstWords) {
  const auto outcome = complete_against(
      [this](http::Exchange& exchange) { return stay_silent(exchange, kHello, &over_); }, 300ms);
  expect_error(outcome.completion, Errc::deadline_exceeded);
  EXPECT_EQ(outcome.text, "您好");
}

}  // namespace
}  // namespace kefu::answer
