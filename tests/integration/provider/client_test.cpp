#include "metric.hpp"

#include <kefu/async/task_group.hpp>
#include <kefu/provider/client.hpp>
#include <kefu/testing/fake_endpoint.hpp>
#include <kefu/testing/poll.hpp>
#include <kefu/testing/process.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>

namespace kefu::provider {
namespace {

using namespace std::chrono_literals;
using kefu::testing::FakeEndpoint;
using kefu::testing::run_task;
using ::testing::HasSubstr;

constexpr auto kPath = "/embeddings";
constexpr auto kKey = "sk-secret";

class ProviderClientTest : public ::testing::Test {
 protected:
  ProviderClientTest() { make({}); }

  void make(ClientOptions options) {
    options.role = kEmbedding;
    if (options.endpoint.base_url.empty()) options.endpoint.base_url = endpoint.url();
    options.endpoint.api_key = kKey;
    options.endpoint.model = "m";
    options.backoff = {.first = 1ms, .longest = 2ms};
    client.emplace(io.get_executor(), std::move(options), metrics);
  }

  Task<Result<>> take(std::string body) {
    bodies.push_back(std::move(body));
    if (takers_error) co_return fail(*takers_error);
    co_return Result<>{};
  }
  Task<Outcome> begin_post(Deadline deadline, std::size_t tokens = 0) {
    return client->post(
        kPath, R"({"input":"a"})", [this](std::string body) { return take(std::move(body)); }, deadline,
        tokens);
  }
  Outcome post(std::chrono::milliseconds time = 10s, std::size_t tokens = 0) {
    return run_task(io, begin_post(Deadline::in(time), tokens));
  }
  /// Reads events until "over".
  Outcome stream(std::chrono::milliseconds time = 10s) {
    Client::TakeEvents take{.event = [this](std::string_view data) -> Result<bool> {
                              bodies.emplace_back(data);
                              if (takers_error) return fail(*takers_error);
                              return data == "over";
                            },
                            .end = [this]() -> Result<> {
                              if (!bodies.empty() && bodies.back() == "over") return {};
                              return fail(Errc::bad_upstream, "broke off");
                            }};
    return run_task(io, client->stream(kPath, "{}", std::move(take), Deadline::in(time)));
  }
  double metric(std::string_view name, std::string_view more = {}) const {
    return testing::metric(metrics, name, more);
  }
  double errors(std::string_view code) const {
    return metric("kefu_provider_errors_total", fmt::format("code=\"{}\",", code));
  }
  double retries() const { return metric("kefu_provider_retries_total"); }
  double breaker() const { return metric("kefu_provider_breaker_state", "endpoint=\"1\","); }
  double open_at_most() const { return metric("kefu_provider_concurrency_limit", "endpoint=\"1\","); }

  asio::io_context io;
  telemetry::Metrics metrics;
  FakeEndpoint endpoint{io};
  std::optional<Client> client;
  std::vector<std::string> bodies;
  std::optional<Error> takers_error;
};

void expect_error(const Outcome& outcome, Errc code, int status) {
  ASSERT_FALSE(outcome.result);
  EXPECT_EQ(outcome.result.error().code, code)
      << outcome.result.error().message << " " << outcome.result.error().detail;
  EXPECT_EQ(outcome.status, status);
  EXPECT_THAT(outcome.result.error().message, ::testing::StartsWith("the embedding provider "));
}

TEST_F(ProviderClientTest, PostsJsonWithTheKeyAndGivesTheBody) {
  endpoint.then(FakeEndpoint::responds(200, "answer"));
  const Outcome outcome = post();
  ASSERT_TRUE(outcome.result) << outcome.result.error().detail;
  EXPECT_EQ(outcome.status, 200);
  ASSERT_EQ(endpoint.seen().size(), 1U);
  EXPECT_EQ(endpoint.seen()[0].path, "/v1/embeddings");
  EXPECT_EQ(endpoint.seen()[0].authorization, "Bearer sk-secret");
  EXPECT_EQ(endpoint.seen()[0].body, R"({"input":"a"})");
  EXPECT_EQ(bodies, std::vector<std::string>{"answer"});
  EXPECT_EQ(metric("kefu_provider_request_seconds_count"), 1);
  EXPECT_EQ(metric("kefu_provider_requests_in_flight"), 0);
  EXPECT_EQ(retries(), 0);
  EXPECT_EQ(errors("unavailable"), 0);
}

TEST_F(ProviderClientTest, NeverTriesAgainWhatWouldFailAgain) {
  for (const int status : {400, 401, 403, 404, 413, 422, 501, 302}) {
    endpoint.always(FakeEndpoint::responds(status, "{}"));
    const std::size_t before = endpoint.seen().size();
    const Outcome outcome = post();
    EXPECT_FALSE(outcome.result);
    EXPECT_EQ(outcome.status, status);
    EXPECT_EQ(endpoint.seen().size(), before + 1);
  }
  EXPECT_EQ(retries(), 0);
}

TEST_F(ProviderClientTest, KeepsTheKeyOutOfErrorsEvenWhenTheProviderRepeatsIt) {
  endpoint.then(FakeEndpoint::responds(401, R"({"error":"wrong key sk-secret"})"));
  const Outcome outcome = post();
  expect_error(outcome, Errc::bad_upstream, 401);
  EXPECT_THAT(outcome.result.error().detail, HasSubstr("wrong key *"));
}

TEST_F(ProviderClientTest, KeepsTheKeyOutOfWhatTheTakerSaysEvenWhereThatWasCutInItsMidst) {
  endpoint.then(FakeEndpoint::responds(200, "{}"));
  for (const auto* const detail : {"no data: sk-secret is wrong", "no data: sk-secr"}) {
    takers_error = Error{Errc::bad_upstream, "no vectors", detail};
    EXPECT_THAT(post().result.error().detail, ::testing::Not(HasSubstr("sk-secr")));
  }
  takers_error = Error{Errc::bad_upstream, "no vectors", "a task-s"};
  EXPECT_EQ(post().result.error().detail, "a task-s");
}

TEST_F(ProviderClientTest, TriesAgainWhatMaySucceed) {
  for (const int status : {429, 500, 502, 503, 504}) {
    endpoint.always(FakeEndpoint::responds(status, "{}"));
    endpoint.then(FakeEndpoint::responds(200, "{}"));
    EXPECT_TRUE(post().result) << status;
  }
  EXPECT_EQ(retries(), 5);
  EXPECT_EQ(errors("unavailable") + errors("overloaded"), 0);
}

TEST_F(ProviderClientTest, DoesNotWaitForAllThatARefusalHasToSay) {
  endpoint.then(endpoint.falls_silent("busy", 503));
  endpoint.then(FakeEndpoint::responds(200, "{}"));
  EXPECT_TRUE(post(9s).result);
  EXPECT_EQ(endpoint.seen().size(), 2U);
}

TEST_F(ProviderClientTest, GivesUpAfterSoManyAttempts) {
  endpoint.then(FakeEndpoint::responds(500, std::string(100'000, '<')));
  const Outcome outcome = post();
  expect_error(outcome, Errc::unavailable, 500);
  EXPECT_LT(outcome.result.error().detail.size(), 1000U);
  EXPECT_EQ(endpoint.seen().size(), 3U);
  EXPECT_EQ(retries(), 2);
  EXPECT_EQ(errors("unavailable"), 1);
  EXPECT_EQ(client->failure(), "the embedding provider failed");
}

TEST_F(ProviderClientTest, TriesAgainWhenTheConnectionEndsBeforeAByte) {
  endpoint.then(FakeEndpoint::drops());
  endpoint.then(FakeEndpoint::responds(200, "{}"));
  EXPECT_TRUE(post().result);
  EXPECT_EQ(endpoint.seen().size(), 2U);
  EXPECT_EQ(client->failure(), "");
}

TEST_F(ProviderClientTest, DoesNotPayTwiceForAResponseThatBreaksOff) {
  endpoint.then(FakeEndpoint::breaks_off(R"({"data":[)"));
  expect_error(post(), Errc::bad_upstream, 200);
  EXPECT_EQ(endpoint.seen().size(), 1U);
  EXPECT_TRUE(bodies.empty());
}

TEST_F(ProviderClientTest, WaitsAsLongAsTheProviderAsksWhereThatFits) {
  endpoint.then(FakeEndpoint::responds(429, "{}", {{"Retry-After", "1"}}));
  endpoint.then(FakeEndpoint::responds(200, "{}"));
  const auto begin = Deadline::Clock::now();
  EXPECT_TRUE(post(30s).result);
  EXPECT_GE(Deadline::Clock::now() - begin, 1s);
}

TEST_F(ProviderClientTest, WaitsForTheMillisecondsThatAzureNames) {
  endpoint.then(FakeEndpoint::responds(429, "{}", {{"retry-after-ms", "300"}, {"Retry-After", "60"}}));
  endpoint.then(FakeEndpoint::responds(200, "{}"));
  const auto begin = Deadline::Clock::now();
  EXPECT_TRUE(post(30s).result);
  EXPECT_GE(Deadline::Clock::now() - begin, 300ms);
}

TEST_F(ProviderClientTest, SendsNothingThatTheProviderHasAnnouncedToRefuse) {
  endpoint.then(FakeEndpoint::responds(200, "{}",
                                       {{"x-ratelimit-remaining-requests", "0"},
                                        {"x-ratelimit-limit-requests", "1"},
                                        {"x-ratelimit-reset-requests", "6m0s"}}));
  EXPECT_TRUE(post().result);
  const Outcome refused = post();
  expect_error(refused, Errc::overloaded, 0);
  EXPECT_THAT(refused.result.error().message, HasSubstr("is over its rate limit, try again in "));
  EXPECT_EQ(endpoint.seen().size(), 1U);
}

TEST_F(ProviderClientTest, WaitsUntilThereAreTokensForARequest) {
  endpoint.then(FakeEndpoint::responds(
      200, "{}", {{"x-ratelimit-remaining-tokens", "100"}, {"x-ratelimit-reset-tokens", "200ms"}}));
  endpoint.then(FakeEndpoint::responds(200, "{}"));
  const auto begin = Deadline::Clock::now();
  EXPECT_TRUE(post().result);
  EXPECT_TRUE(post(10s, 60).result);
  EXPECT_TRUE(post(10s, 60).result);  // 40 are left, and all of them at the reset
  EXPECT_GE(Deadline::Clock::now() - begin, 200ms);
  EXPECT_EQ(endpoint.seen().size(), 3U);
}

TEST_F(ProviderClientTest, OpensHalfAsManyRequestsAfterA429AndMoreAgainAfterSuccesses) {
  make({.attempts = 1, .slots = {.in_flight = 8}});
  EXPECT_EQ(open_at_most(), 8);
  endpoint.then(FakeEndpoint::responds(429, "{}"));
  endpoint.then(FakeEndpoint::responds(429, "{}"));
  endpoint.then(FakeEndpoint::responds(200, "{}"));
  EXPECT_FALSE(post().result);
  EXPECT_EQ(open_at_most(), 4);
  EXPECT_FALSE(post().result);
  EXPECT_EQ(open_at_most(), 2);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(post().result);
  EXPECT_EQ(open_at_most(), 3);
}

TEST_F(ProviderClientTest, FailsAtOnceWhereTheProvidersTimeDoesNotFitAndSendsNothingMeanwhile) {
  endpoint.then(FakeEndpoint::responds(503, "{}", {{"Retry-After", "Fri, 31 Dec 2199 23:59:59 GMT"}}));
  const Outcome first = post(10s);
  expect_error(first, Errc::unavailable, 503);
  EXPECT_THAT(first.result.error().message, HasSubstr(", try again in "));
  const Outcome second = post(10s);
  expect_error(second, Errc::overloaded, 0);
  EXPECT_THAT(second.result.error().message, HasSubstr(", try again in "));
  EXPECT_EQ(endpoint.seen().size(), 1U);
}

TEST_F(ProviderClientTest, DoesNotBeginAPauseThatEndsAfterTheDeadline) {
  endpoint.then(FakeEndpoint::responds(429, "{}", {{"Retry-After", "5"}}));
  const Outcome outcome = post(2s);
  expect_error(outcome, Errc::overloaded, 429);
  EXPECT_EQ(outcome.result.error().message,
            "the embedding provider is over its rate limit, try again in 5 s");
}

TEST_F(ProviderClientTest, GivesUpAtTheDeadlineAndAtTheTimeOfAnAttempt) {
  endpoint.then(endpoint.falls_silent());
  expect_error(post(50ms), Errc::deadline_exceeded, 0);
  make({.attempt_timeout = 50ms});
  expect_error(post(), Errc::deadline_exceeded, 0);
  make({.attempt_timeout = 200ms});
  endpoint.always(endpoint.falls_silent("{"));
  expect_error(post(), Errc::deadline_exceeded, 200);
  EXPECT_EQ(endpoint.seen().size(), 3U);
}

TEST_F(ProviderClientTest, DoesNotBeginWhatNobodyWaitsForAnyMore) {
  endpoint.then(FakeEndpoint::responds(200, "{}"));
  expect_error(post(0ms), Errc::deadline_exceeded, 0);
  EXPECT_EQ(metric("kefu_provider_request_seconds_count"), 0);
}

TEST_F(ProviderClientTest, CallsAResponseThatIsTooLongTheProvidersFault) {
  make({.max_response_bytes = 1000});
  endpoint.then(FakeEndpoint::responds(200, std::string(1001, 'x')));
  expect_error(post(), Errc::bad_upstream, 0);
  endpoint.always(FakeEndpoint::streams(std::string(1001, 'x')));
  expect_error(post(), Errc::bad_upstream, 200);
}

TEST_F(ProviderClientTest, LeavesAProviderAloneThatFailsAndComesBackWhenOneRequestSucceeds) {
  make({.attempts = 1, .breaker = {.failures = 2, .open_for = 100ms}});
  endpoint.then(FakeEndpoint::responds(500, "{}"));
  expect_error(post(), Errc::unavailable, 500);
  EXPECT_EQ(breaker(), 0);
  expect_error(post(), Errc::unavailable, 500);
  EXPECT_EQ(breaker(), 2);
  for (int i = 0; i < 2; ++i) {
    const Outcome spared = post();
    expect_error(spared, Errc::unavailable, 0);
    EXPECT_EQ(spared.result.error().message, "the embedding provider failed; it is left alone for a moment");
  }
  EXPECT_EQ(client->failure(), "the embedding provider failed");
  EXPECT_EQ(endpoint.seen().size(), 2U);

  endpoint.always(FakeEndpoint::responds(200, "{}"));
  EXPECT_TRUE(kefu::testing::eventually(io, [&] { return post().result.has_value(); }));
  EXPECT_EQ(breaker(), 0);
}

TEST_F(ProviderClientTest, StopsTryingOnceItLeavesTheProviderAloneAndSaysWhy) {
  make({.attempts = 5, .breaker = {.failures = 2}});
  endpoint.then(FakeEndpoint::responds(502, "{}"));
  expect_error(post(), Errc::unavailable, 502);
  EXPECT_EQ(endpoint.seen().size(), 2U);
  EXPECT_EQ(retries(), 1);
}

TEST_F(ProviderClientTest, DoesNotLeaveAProviderAloneThatRefusesRequestsOrWhoseCallersAreInAHurry) {
  make({.attempts = 1, .breaker = {.failures = 1}});
  for (const int status : {400, 401, 429}) {
    endpoint.always(FakeEndpoint::responds(status, "{}"));
    EXPECT_EQ(post().status, status);
    EXPECT_EQ(breaker(), 0);
  }
  endpoint.always(endpoint.falls_silent());
  expect_error(post(20ms), Errc::deadline_exceeded, 0);
  EXPECT_EQ(breaker(), 0);
}

TEST_F(ProviderClientTest, CountsWhatTheTakerCallsBadAsTheProvidersFailureAndNothingElse) {
  make({.breaker = {.failures = 1}});
  endpoint.then(FakeEndpoint::responds(200, "{}"));
  takers_error = Error{Errc::cancelled, "the caller went away"};
  EXPECT_EQ(post().result.error(), *takers_error);
  EXPECT_EQ(breaker(), 0);
  EXPECT_EQ(client->failure(), "");
  takers_error = Error{Errc::bad_upstream, "no vectors"};
  EXPECT_EQ(post().result.error(), *takers_error);
  EXPECT_EQ(breaker(), 2);
  EXPECT_EQ(errors("bad_upstream"), 1);
  EXPECT_EQ(endpoint.seen().size(), 2U);
}

TEST_F(ProviderClientTest, CannotReachWhoDoesNotListen) {
  make({.endpoint = {.base_url = fmt::format("http://127.0.0.1:{}/v1", kefu::testing::free_port())}});
  expect_error(post(), Errc::unavailable, 0);
  EXPECT_EQ(retries(), 2);
}

TEST_F(ProviderClientTest, KeepsSoManyRequestsOpenLetsSomeWaitAndRefusesTheOthers) {
  make({.slots = {.in_flight = 2, .waiting = 1}});
  endpoint.then(endpoint.falls_silent());
  std::vector<Outcome> outcomes;
  TaskGroup callers(io.get_executor(), [](std::exception_ptr e) { std::rethrow_exception(std::move(e)); });
  struct Caller {
    static Task<void> run(Task<Outcome> task, std::vector<Outcome>& into) {
      into.push_back(co_await std::move(task));
    }
  };
  for (int i = 0; i < 4; ++i) callers.spawn(Caller::run(begin_post(Deadline::in(20s)), outcomes));
  ASSERT_TRUE(run_task(io, kefu::testing::eventually([&] { return endpoint.seen().size() == 2; })));
  ASSERT_EQ(outcomes.size(), 1U);
  expect_error(outcomes[0], Errc::overloaded, 0);
  EXPECT_EQ(metric("kefu_provider_requests_in_flight"), 2);
  endpoint.always(FakeEndpoint::responds(200, "{}"));
  endpoint.close();
  run_task(io, callers.join());
  EXPECT_EQ(outcomes.size(), 4U);
  EXPECT_EQ(metric("kefu_provider_requests_in_flight"), 0);
}

TEST_F(ProviderClientTest, StreamsEventsUntilTheLastOne) {
  endpoint.then(FakeEndpoint::streams("data: one\n\ndata: over\n\ndata: more\n\n"));
  const Outcome outcome = stream();
  ASSERT_TRUE(outcome.result) << outcome.result.error().detail;
  EXPECT_EQ(bodies, (std::vector<std::string>{"one", "over"}));
}

TEST_F(ProviderClientTest, KeepsTheConnectionOfAStreamThatEnded) {
  endpoint.then(FakeEndpoint::streams("data: over\n\n"));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(stream().result);
  EXPECT_EQ(endpoint.connections(), 1U);
}

TEST_F(ProviderClientTest, TriesAStreamAgainOnlyBeforeItBegins) {
  endpoint.then(FakeEndpoint::drops());
  endpoint.then(FakeEndpoint::responds(503, "{}"));
  endpoint.then(FakeEndpoint::streams("data: over\n\n"));
  EXPECT_TRUE(stream().result);
  EXPECT_EQ(retries(), 2);
  bodies.clear();
  endpoint.always(FakeEndpoint::breaks_off("data: one\n\n", "text/event-stream"));
  expect_error(stream(), Errc::bad_upstream, 200);
  EXPECT_EQ(bodies, std::vector<std::string>{"one"});
  EXPECT_EQ(retries(), 2);
}

TEST_F(ProviderClientTest, CountsAStreamThatEndsTooEarlyAsAFailure) {
  endpoint.then(FakeEndpoint::streams("data: one\n\n"));
  const Outcome outcome = stream();
  ASSERT_FALSE(outcome.result);
  EXPECT_EQ(outcome.result.error().message, "broke off");
  EXPECT_EQ(errors("bad_upstream"), 1);
}

TEST_F(ProviderClientTest, LetsAStreamTakeLongerThanAnAttemptOnceItHasBegun) {
  make({.attempt_timeout = 100ms, .breaker = {.failures = 1}});
  endpoint.then(endpoint.falls_silent("data: one\n\n"));
  const auto begin = Deadline::Clock::now();
  expect_error(stream(400ms), Errc::deadline_exceeded, 200);
  EXPECT_GE(Deadline::Clock::now() - begin, 400ms);
  EXPECT_EQ(breaker(), 0);  // it was alive, and slow
}

}  // namespace
}  // namespace kefu::provider
