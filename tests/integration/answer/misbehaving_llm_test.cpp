#include "answer_flow.hpp"
#include "fakes.hpp"
#include "hits.hpp"
#include "open_ai_llm_client.hpp"

#include <kefu/http/sse.hpp>
#include <kefu/testing/fake_endpoint.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace kefu::answer {
namespace {

using namespace std::chrono_literals;
using kefu::testing::FakeEndpoint;
using kefu::testing::run_task;

const std::string kHello = http::format_sse("", R"({"choices":[{"delta":{"content":"您好"}}]})");
const std::string kDone = http::format_sse("", "[DONE]");

/// A language model that fails in a way that the test chooses.
class MisbehavingLlm : public ::testing::Test {
 protected:
  struct Outcome {
    Result<Completion> completion;
    std::string text;
  };

  Outcome complete_against(FakeEndpoint::Behaviour behaviour, std::chrono::milliseconds time = 10s) {
    endpoint_.always(std::move(behaviour));
    return complete(time);
  }
  Outcome complete(std::chrono::milliseconds time = 10s) {
    Outcome outcome;
    const auto on_delta = [&outcome](std::string_view delta) -> Result<> {
      outcome.text += delta;
      return {};
    };
    outcome.completion = run_task(io_, llm_.complete({{"user", "?"}}, on_delta, Deadline::in(time)));
    return outcome;
  }
  static FakeEndpoint::Behaviour stream(std::string body) { return FakeEndpoint::streams(std::move(body)); }

  asio::io_context io_;
  telemetry::Metrics registry_;
  FakeEndpoint endpoint_{io_};
  provider::Client client_{io_.get_executor(),
                           {.role = provider::kLlm,
                            .endpoint = {.base_url = endpoint_.url() + "/", .model = "m"},
                            .backoff = {.first = 1ms, .longest = 2ms},
                            .breaker = {.failures = 100}},
                           registry_};
  OpenAiLlmClient llm_{client_, 512};
};

void expect_error(const Result<Completion>& completion, Errc code) {
  ASSERT_FALSE(completion);
  EXPECT_EQ(completion.error().code, code) << completion.error().message << completion.error().detail;
}

TEST_F(MisbehavingLlm, RefusesTheKey) {
  expect_error(complete_against(FakeEndpoint::responds(401, R"({"error":{"message":"no"}})")).completion,
               Errc::bad_upstream);
}

TEST_F(MisbehavingLlm, IsOverItsRateLimit) {
  expect_error(complete_against(FakeEndpoint::responds(429, "{}")).completion, Errc::overloaded);
  EXPECT_EQ(endpoint_.seen().size(), 3U);
}

TEST_F(MisbehavingLlm, FailsByItself) {
  const auto outcome = complete_against(FakeEndpoint::responds(500, std::string(100'000, '<')));
  expect_error(outcome.completion, Errc::unavailable);
  EXPECT_LT(outcome.completion.error().detail.size(), 1000U);
}

TEST_F(MisbehavingLlm, IsAskedAgainWhileItHasNotBegun) {
  endpoint_.then(FakeEndpoint::responds(503, "{}"));
  endpoint_.then(FakeEndpoint::drops());
  endpoint_.then(stream(kHello + kDone));
  const auto outcome = complete();
  EXPECT_TRUE(outcome.completion);
  EXPECT_EQ(outcome.text, "您好");
}

TEST_F(MisbehavingLlm, AnswersWithAPageInsteadOfAStream) {
  expect_error(complete_against(FakeEndpoint::responds(200, "<html>welcome</html>")).completion,
               Errc::bad_upstream);
}

TEST_F(MisbehavingLlm, AnswersWithNothing) {
  expect_error(complete_against(stream("")).completion, Errc::bad_upstream);
}

TEST_F(MisbehavingLlm, StreamsGarbage) {
  expect_error(complete_against(stream("data: {\"choices\": oops\n\n")).completion, Errc::bad_upstream);
  expect_error(complete_against(stream(std::string("\xff\xfe\0\1", 4))).completion, Errc::bad_upstream);
}

TEST_F(MisbehavingLlm, SendsAnEventWithoutEnd) {
  expect_error(complete_against(stream("data: " + std::string(2'000'000, 'x'))).completion,
               Errc::bad_upstream);
}

TEST_F(MisbehavingLlm, EndsItsStreamTooEarly) {
  const auto outcome = complete_against(stream(kHello));
  expect_error(outcome.completion, Errc::bad_upstream);
  EXPECT_EQ(outcome.text, "您好");
}

TEST_F(MisbehavingLlm, BreaksTheConnectionOffAndIsNotAskedAgain) {
  const auto outcome = complete_against(FakeEndpoint::breaks_off(kHello, "text/event-stream"));
  expect_error(outcome.completion, Errc::bad_upstream);
  EXPECT_EQ(outcome.text, "您好");
  EXPECT_EQ(endpoint_.seen().size(), 1U);
}

TEST_F(MisbehavingLlm, SendsAnErrorInsideTheStream) {
  const auto outcome =
      complete_against(stream(kHello + http::format_sse("", R"({"error":{"message":"oom"}})")));
  expect_error(outcome.completion, Errc::bad_upstream);
}

TEST_F(MisbehavingLlm, SaysNothingUntilTheDeadline) {
  expect_error(complete_against(endpoint_.falls_silent(), 200ms).completion, Errc::deadline_exceeded);
}

TEST_F(MisbehavingLlm, FallsSilentAfterItsFirstWords) {
  const auto outcome = complete_against(endpoint_.falls_silent(kHello), 300ms);
  expect_error(outcome.completion, Errc::deadline_exceeded);
  EXPECT_EQ(outcome.text, "您好");
}

TEST_F(MisbehavingLlm, IsNotBlamedForACallerThatGoesAway) {
  endpoint_.then(stream(kHello + kDone));
  const auto gone = [](std::string_view) -> Result<> { return fail(Errc::cancelled, "gone"); };
  expect_error(run_task(io_, llm_.complete({{"user", "?"}}, gone, Deadline::in(10s))), Errc::cancelled);
  EXPECT_EQ(client_.failure(), "");
}

/// The same, seen from a question that needs the model: it is answered without it, and the reply says why.
class QuestionToAMisbehavingLlm : public MisbehavingLlm {
 protected:
  QuestionToAMisbehavingLlm() {
    bucket_.add("shop", "inc-1");
    embedding_.reply =
        QuestionVector{.float32 = std::string(16, '\1'), .model_fingerprint = "m", .usage = {}};
    search_.reply = testing::found({testing::text_hit("运费", "退货的运费由我们出。", 0.93F, 0.9F)});
  }

  /// What the reply says about the language model.
  std::string degraded_by(FakeEndpoint::Behaviour behaviour) {
    endpoint_.always(std::move(behaviour));
    kefu::v1::AskRequest request;
    request.set_kb("shop");
    request.set_question("退货的运费谁出?");
    FlowOptions options;
    options.llm_timeout = 300ms;
    AnswerFlow flow({.knowledge_bases = bases_,
                     .embedding = embedding_,
                     .search = search_,
                     .llm = &llm_,
                     .memory = nullptr,
                     .metrics = metrics_,
                     .log = log_},
                    options);
    const auto answer = run_task(
        io_, flow.answer({.request_id = "r", .deadline = Deadline::in(20s)}, std::move(request), {}));
    EXPECT_TRUE(answer) << answer.error().message;
    if (!answer) return {};
    EXPECT_EQ(answer->decision(), kefu::v1::DECISION_EXTRACTED);
    EXPECT_EQ(answer->answer(), "退货的运费由我们出。");
    constexpr std::string_view kBeginning = "answered without a language model: ";
    EXPECT_TRUE(answer->degraded().starts_with(kBeginning)) << answer->degraded();
    return answer->degraded().substr(std::min(kBeginning.size(), answer->degraded().size()));
  }

  AnswerMetrics metrics_{registry_};
  telemetry::Logger log_{"kefu-answer", telemetry::Level::error, [](std::string_view) {}};
  testing::FakeBucket bucket_;
  directory::KnowledgeBases bases_{bucket_};
  testing::FakeEmbedding embedding_;
  testing::FakeSearch search_;
};

TEST_F(QuestionToAMisbehavingLlm, IsAnsweredWithoutItAndSaysWhy) {
  EXPECT_EQ(degraded_by(FakeEndpoint::responds(401, "{}")), "the language model refused this service's key");
  EXPECT_EQ(degraded_by(FakeEndpoint::responds(429, "{}")), "the language model is over its rate limit");
  EXPECT_EQ(degraded_by(FakeEndpoint::responds(500, "{}")), "the language model failed");
  EXPECT_EQ(degraded_by(stream("data: garbage\n\n")), "the language model did not answer in its protocol");
  EXPECT_EQ(degraded_by(stream(kHello)), "the language model's answer broke off");
  EXPECT_EQ(degraded_by(FakeEndpoint::breaks_off(kHello, "text/event-stream")),
            "the language model did not answer in its protocol");
  EXPECT_EQ(degraded_by(FakeEndpoint::drops()), "the language model cannot be reached");
  EXPECT_EQ(degraded_by(endpoint_.falls_silent()), "the language model did not answer in time");
  EXPECT_EQ(degraded_by(FakeEndpoint::responds(429, "{}", {{"Retry-After", "30"}})),
            "the language model is over its rate limit, try again in 30 s");
}

}  // namespace
}  // namespace kefu::answer
