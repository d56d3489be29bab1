#include "metric.hpp"

#include <kefu/async/task_group.hpp>
#include <kefu/provider/client.hpp>
#include <kefu/testing/fake_endpoint.hpp>
#include <kefu/testing/poll.hpp>

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

/// One model at two endpoints.
class FailoverTest : public ::testing::Test {
 protected:
  FailoverTest() {
    first.then(FakeEndpoint::responds(200, "first"));
    second.then(FakeEndpoint::responds(200, "second"));
    make({});
  }

  void make(ClientOptions options) {
    options.role = kEmbedding;
    options.endpoint = {.base_url = first.url(), .model = "m", .api_key = "sk-first"};
    options.fallbacks = {
        {.base_url = second.url(), .model = "m", .api_key = "sk-second", .profile = profile_named("azure")}};
    options.backoff = {.first = 1ms, .longest = 2ms};
    client.emplace(io.get_executor(), std::move(options), metrics);
  }

  Task<Result<>> take(std::string body) {
    if (body == "garbage") co_return fail(Errc::bad_upstream, "garbage");
    answer = std::move(body);
    if (takers_error) co_return fail(*takers_error);
    co_return Result<>{};
  }
  Task<Outcome> begin_post(Deadline deadline) {
    return client->post(
        "/embeddings", "{}", [this](std::string body) { return take(std::move(body)); }, deadline);
  }
  Outcome post(std::chrono::milliseconds time = 10s) {
    answer.clear();
    return run_task(io, begin_post(Deadline::in(time)));
  }
  Outcome stream() {
    answer.clear();
    Client::TakeEvents take{.event = [this](std::string_view data) -> Result<bool> {
                              answer += data;
                              return data == "over";
                            },
                            .end = [this]() -> Result<> {
                              if (answer.ends_with("over")) return {};
                              return fail(Errc::bad_upstream, "broke off");
                            }};
    return run_task(io, client->stream("/chat", "{}", std::move(take), Deadline::in(10s)));
  }
  double metric(std::string_view name, std::string_view more = {}) const {
    return testing::metric(metrics, name, more);
  }
  double failovers() const { return metric("kefu_provider_failovers_total"); }
  double breaker(int endpoint) const {
    return metric("kefu_provider_breaker_state", fmt::format("endpoint=\"{}\",", endpoint));
  }

  asio::io_context io;
  telemetry::Metrics metrics;
  FakeEndpoint first{io};
  FakeEndpoint second{io};
  std::optional<Client> client;
  std::string answer;
  std::optional<Error> takers_error;
};

TEST_F(FailoverTest, AsksTheFirstEndpointWhileItAnswers) {
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(post().result);
  EXPECT_EQ(answer, "first");
  EXPECT_TRUE(second.seen().empty());
  EXPECT_EQ(failovers(), 0);
}

TEST_F(FailoverTest, AsksTheNextOneAtOnceWhateverIsWrongWithTheFirst) {
  make({.breaker = {.failures = 1000}});
  // First what closes a connection: on a kept one the request is sent once more.
  std::vector<FakeEndpoint::Behaviour> faults{FakeEndpoint::drops()};
  for (const int status : {302, 401, 403, 404, 429, 500, 501, 503})
    faults.push_back(FakeEndpoint::responds(status, "{}"));
  faults.push_back(FakeEndpoint::breaks_off("half a body"));
  faults.push_back(FakeEndpoint::responds(200, "garbage"));
  for (auto& fault : faults) {
    first.always(std::move(fault));
    const std::size_t before = first.seen().size();
    const Outcome outcome = post();
    EXPECT_TRUE(outcome.result) << outcome.result.error().message;
    EXPECT_EQ(answer, "second");
    EXPECT_EQ(first.seen().size(), before + 1);
    EXPECT_EQ(client->failure(), "");
  }
  EXPECT_EQ(failovers(), static_cast<double>(faults.size()));
  EXPECT_EQ(second.seen().size(), faults.size());
}

TEST_F(FailoverTest, GivesASilentEndpointNoMoreThanItsShareOfTheTime) {
  first.always(first.falls_silent());
  EXPECT_TRUE(post(600ms).result);
  EXPECT_EQ(answer, "second");
  make({.attempt_timeout = 50ms});
  EXPECT_TRUE(post(20s).result);
}

TEST_F(FailoverTest, BlamesARequestThatIsRefusedForWhatIsInItOnNoEndpoint) {
  for (const int status : {400, 413, 422}) {
    first.always(FakeEndpoint::responds(status, "{}"));
    EXPECT_EQ(post().status, status);
  }
  first.always(FakeEndpoint::responds(200, "first"));
  takers_error = Error{Errc::cancelled, "the caller went away"};
  EXPECT_EQ(post().result.error(), *takers_error);
  EXPECT_TRUE(second.seen().empty());
}

TEST_F(FailoverTest, LeavesTheFirstAloneThatFailsAndComesBackToIt) {
  make({.breaker = {.failures = 2, .open_for = 100ms}});
  first.always(FakeEndpoint::responds(500, "{}"));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(post().result);
  EXPECT_LE(first.seen().size(), 4U);  // two failures, and a try now and then
  EXPECT_EQ(breaker(1), 2);
  EXPECT_EQ(breaker(2), 0);
  first.always(FakeEndpoint::responds(200, "first"));
  EXPECT_TRUE(kefu::testing::eventually(io, [&] { return post().result && answer == "first"; }));
  EXPECT_EQ(breaker(1), 0);
}

TEST_F(FailoverTest, LeavesTheFirstAloneThatIsSilentForItsShareOfAFairTime) {
  make({.attempt_timeout = 500ms, .breaker = {.failures = 1}});
  first.always(first.falls_silent());
  EXPECT_TRUE(post(800ms).result);
  EXPECT_EQ(breaker(1), 2);
  EXPECT_TRUE(post(800ms).result);
  EXPECT_EQ(first.seen().size(), 1U);
}

TEST_F(FailoverTest, LeavesAnEndpointAloneThatRefusesOurKeyWhereThereIsAnotherOne) {
  make({.breaker = {.failures = 2}});
  first.always(FakeEndpoint::responds(401, "{}"));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(post().result);
  EXPECT_EQ(first.seen().size(), 2U);
  EXPECT_EQ(breaker(1), 2);
}

TEST_F(FailoverTest, DoesNotDisturbAnEndpointThatAskedForQuiet) {
  first.always(FakeEndpoint::responds(429, "{}", {{"Retry-After", "30"}}));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(post().result);
  EXPECT_EQ(first.seen().size(), 1U);
  EXPECT_EQ(second.seen().size(), 3U);
}

TEST_F(FailoverTest, TakesWhatTheFirstHasNoPlaceForToTheNext) {
  make({.slots = {.in_flight = 1}});
  first.always(first.falls_silent());
  std::optional<Outcome> slow;
  struct Caller {
    static Task<void> run(Task<Outcome> task, std::optional<Outcome>& into) {
      into = co_await std::move(task);
    }
  };
  TaskGroup callers(io.get_executor(), [](std::exception_ptr e) { std::rethrow_exception(std::move(e)); });
  callers.spawn(Caller::run(begin_post(Deadline::in(20s)), slow));
  ASSERT_TRUE(run_task(io, kefu::testing::eventually([&] { return first.seen().size() == 1; })));
  EXPECT_TRUE(post().result);
  EXPECT_EQ(answer, "second");
  EXPECT_EQ(failovers(), 0);  // nothing had failed
  first.close();
  run_task(io, callers.join());
  EXPECT_TRUE(slow && slow->result);
}

TEST_F(FailoverTest, GoesRoundAgainWhereAllFailAndSaysWhatTheLastOneSaid) {
  make({.attempts = 4, .breaker = {.failures = 1000}});
  first.always(FakeEndpoint::responds(500, "{}"));
  second.always(FakeEndpoint::responds(429, "{}"));
  const Outcome outcome = post();
  ASSERT_FALSE(outcome.result);
  EXPECT_EQ(outcome.result.error().code, Errc::overloaded);
  EXPECT_EQ(first.seen().size(), 2U);
  EXPECT_EQ(second.seen().size(), 2U);
}

TEST_F(FailoverTest, SaysWhyWhereAllAreLeftAlone) {
  make({.attempts = 1, .breaker = {.failures = 1}});
  first.always(FakeEndpoint::responds(500, "{}"));
  second.always(FakeEndpoint::responds(500, "{}"));
  EXPECT_EQ(post().status, 500);
  const Outcome spared = post();
  ASSERT_FALSE(spared.result);
  EXPECT_EQ(spared.result.error().message, "the embedding provider failed; it is left alone for a moment");
  EXPECT_EQ(first.seen().size(), 1U);
  EXPECT_EQ(second.seen().size(), 1U);
}

TEST_F(FailoverTest, ShowsEachEndpointItsOwnKeyInItsOwnField) {
  first.always(FakeEndpoint::responds(401, "wrong key sk-first"));
  second.always(FakeEndpoint::responds(401, "wrong key sk-second"));
  const Outcome outcome = post();
  ASSERT_FALSE(outcome.result);
  EXPECT_THAT(outcome.result.error().detail, ::testing::Not(HasSubstr("sk-")));
  EXPECT_EQ(first.seen()[0].authorization, "Bearer sk-first");
  EXPECT_EQ(second.seen()[0].authorization, "");
  EXPECT_EQ(second.seen()[0].fields.get("api-key"), "sk-second");
}

TEST_F(FailoverTest, TakesAStreamElsewhereOnlyBeforeItBegins) {
  second.always(FakeEndpoint::streams("data: over\n\n"));
  first.always(FakeEndpoint::responds(503, "{}"));
  EXPECT_TRUE(stream().result);
  first.always(FakeEndpoint::breaks_off("data: one\n\n", "text/event-stream"));
  EXPECT_FALSE(stream().result);
  EXPECT_EQ(answer, "one");
  EXPECT_EQ(second.seen().size(), 1U);
}

}  // namespace
}  // namespace kefu::provider
