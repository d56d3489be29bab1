#include "doubles.hpp"
#include "embedding_endpoint.hpp"
#include "embedding_flow.hpp"
#include "remote_embedder.hpp"

#include <kefu/async/task_group.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace kefu::embedding {
namespace {

using namespace std::chrono_literals;
using kefu::testing::FakeEndpoint;
using kefu::testing::run_task;
using testing::EmbeddingEndpoint;

/// The whole flow over a model at two endpoints, with a cache that the test sees.
class RemoteFlowTest : public ::testing::Test {
 protected:
  ~RemoteFlowTest() override { stop(); }

  void make(RemoteOptions options) {
    stop();
    options.dimensions = 2;
    client.emplace(io.get_executor(),
                   provider::ClientOptions{.role = provider::kEmbedding,
                                           .endpoint = {.base_url = first.url(), .model = "m"},
                                           .fallbacks = {{.base_url = second.url(), .model = "m"}},
                                           .attempts = 1,
                                           .backoff = {.first = 1ms, .longest = 2ms},
                                           .breaker = {.failures = 1000}},
                   metrics);
    embedder = run_task(io, RemoteEmbedder::connect(*client, std::move(options), Deadline::in(5s))).value();
    cache.emplace(store, embedder->model(), VectorCacheOptions{}, counters);
    flow.emplace(io.get_executor(), *embedder, *cache, QueueLimits{}, counters, tasks);
  }
  void stop() {
    if (!flow) return;
    flow->stop();
    run_task(io, tasks.join());
    flow.reset();
    cache.reset();
  }
  Result<EmbeddedTexts> embed(std::vector<std::string> texts, std::chrono::milliseconds time = 10s) {
    return run_task(io, flow->embed(std::move(texts), Role::passage, Lane::import, Deadline::in(time)));
  }
  /// Until the vectors of all calls are in the cache.
  void settle() {
    stop();
    make(settings);
  }
  static std::vector<std::string> inputs(const nlohmann::json& request) {
    return request.at("input").get<std::vector<std::string>>();
  }

  static void rethrow(std::exception_ptr exception) { std::rethrow_exception(std::move(exception)); }

  asio::io_context io;
  telemetry::Metrics metrics;
  EmbeddingMetrics counters{metrics};
  EmbeddingEndpoint first{io};
  EmbeddingEndpoint second{io};
  testing::FakeCache store;
  RemoteOptions settings;
  TaskGroup tasks{io.get_executor(), rethrow};
  std::optional<provider::Client> client;
  std::unique_ptr<RemoteEmbedder> embedder;
  std::optional<VectorCache> cache;
  std::optional<EmbeddingFlow> flow;
};

TEST_F(RemoteFlowTest, PaysAgainOnlyForThePartOfABatchThatFailed) {
  settings = {.batch = 2, .calls = 1};
  make(settings);
  first.always(first.embeds());
  first.then(FakeEndpoint::responds(500, "{}"));
  second.always(FakeEndpoint::responds(500, "{}"));
  ASSERT_FALSE(embed({"a", "bb", "ccc", "dddd", "eeeee", "ffffff"}));
  settle();
  const std::size_t paid = first.seen().size();
  EXPECT_EQ(inputs(first.request(0)), (std::vector<std::string>{"a", "bb"}));

  first.always(first.embeds());
  const auto again = embed({"a", "bb", "ccc", "dddd", "eeeee", "ffffff"});
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->vectors.size(), 6U);
  std::set<std::string> bought;
  for (std::size_t i = paid; i < first.seen().size(); ++i) {
    for (const std::string& text : inputs(first.request(i))) EXPECT_TRUE(bought.insert(text).second) << text;
  }
  EXPECT_EQ(bought, (std::set<std::string>{"ccc", "dddd", "eeeee", "ffffff"}));
}

TEST_F(RemoteFlowTest, FindsAfterAFailoverWhatTheOtherEndpointHasComputed) {
  make({});
  ASSERT_TRUE(embed({"a", "bb"}));
  settle();
  first.always(FakeEndpoint::responds(503, "{}"));
  const auto texts = embed({"a", "bb", "ccc"});
  ASSERT_TRUE(texts) << texts.error().message;
  ASSERT_EQ(second.seen().size(), 1U);
  EXPECT_EQ(inputs(second.request(0)), std::vector<std::string>{"ccc"});
  EXPECT_EQ(texts->computed_tokens, 3U);
}

TEST_F(RemoteFlowTest, KeepsACallWithinItsTextsAndItsTokens) {
  settings = {.batch = 3, .call_tokens = 600, .calls = 1};
  make(settings);
  std::vector<std::string> texts;
  for (int i = 0; i < 20; ++i)
    texts.push_back("word " + std::to_string(i) + std::string(i % 2 == 0 ? 3 : 900, 'x'));
  ASSERT_TRUE(embed(texts));
  std::size_t all = 0;
  for (std::size_t i = 0; i < first.seen().size(); ++i) {
    std::size_t tokens = 0;
    for (const std::string& text : inputs(first.request(i)))
      tokens += embedder->prepare(text, Role::passage).tokens;
    EXPECT_LE(inputs(first.request(i)).size(), 3U);
    EXPECT_LE(tokens, 600U);
    all += inputs(first.request(i)).size();
  }
  EXPECT_EQ(all, texts.size());
}

TEST_F(RemoteFlowTest, GivesNobodyAnAnswerThatCameAfterTheDeadline) {
  make({});
  first.always(first.embeds_when_released());
  second.always(second.embeds_when_released());
  const auto late = embed({"a", "bb"}, 100ms);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Errc::deadline_exceeded);
  first.release();
  second.release();
  first.always(first.embeds());
  const auto fresh = embed({"ccc"});
  ASSERT_TRUE(fresh);
  EXPECT_NEAR(fresh->vectors[0]->vector[0], 3 / std::sqrt(10.0F), 1e-3);
}

}  // namespace
}  // namespace kefu::embedding
