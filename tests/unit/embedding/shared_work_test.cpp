#include "doubles.hpp"
#include "embedding_flow.hpp"
#include "watched_claims.hpp"

#include <kefu/async/task_group.hpp>
#include <kefu/redis/memory_claims.hpp>
#include <kefu/testing/run_task.hpp>

#include <gtest/gtest.h>

#include <memory>

namespace kefu::embedding {
namespace {

using namespace std::chrono_literals;
using Outcome = Result<EmbeddedTexts>;
using Kept = std::shared_ptr<std::optional<Outcome>>;

/// Two flows as in two processes, which have only Redis in common.
class SharedWorkTest : public ::testing::Test {
 protected:
  struct Replica {
    explicit Replica(SharedWorkTest& test, QueueLimits limits = {}, VectorCacheOptions options = {})
        : embedder(test.io_.get_executor()),
          cache(test.store_, embedder.model(), std::move(options), counters),
          watched(test.claims_),
          flow(test.io_.get_executor(), embedder, cache, limits, counters, test.tasks_) {
      flow.agree_through(watched);
    }
    double count(const std::string& series) const { return testing::metric(metrics, series); }

    telemetry::Metrics metrics;
    EmbeddingMetrics counters{metrics};
    testing::FakeEmbedder embedder;
    VectorCache cache;
    testing::WatchedClaims watched;
    EmbeddingFlow flow;
  };

  ~SharedWorkTest() override {
    for (Replica* replica : {&a_, &b_}) {
      replica->embedder.release();
      replica->flow.stop();
    }
    kefu::testing::run_task(io_, tasks_.join());
    kefu::testing::run_task(io_, callers_.join());
  }

  Kept begin(Replica& replica, std::vector<std::string> texts, Lane lane = Lane::question,
             Deadline deadline = Deadline::in(30s)) {
    auto outcome = std::make_shared<std::optional<Outcome>>();
    callers_.spawn(keep(replica.flow.embed(std::move(texts), Role::query, lane, deadline), outcome));
    settle();
    return outcome;
  }
  Outcome embed(Replica& replica, std::vector<std::string> texts) {
    return kefu::testing::run_task(
        io_, replica.flow.embed(std::move(texts), Role::query, Lane::question, Deadline::in(30s)));
  }
  /// Until nothing is left to do but to wait.
  void settle() {
    io_.restart();
    while (io_.poll_one() != 0) {
    }
  }
  template <class Condition>
  bool eventually(Condition condition) {
    return kefu::testing::run_task(io_, kefu::testing::eventually(condition));
  }

  asio::io_context io_;
  testing::FakeCache store_;
  redis::MemoryClaims claims_{store_};
  TaskGroup tasks_{io_.get_executor(), [](std::exception_ptr e) { std::rethrow_exception(std::move(e)); }};
  TaskGroup callers_{io_.get_executor(), [](std::exception_ptr e) { std::rethrow_exception(std::move(e)); }};
  Replica a_{*this};
  Replica b_{*this};

 private:
  static Task<void> keep(Task<Outcome> task, Kept outcome) { *outcome = co_await std::move(task); }
};

TEST_F(SharedWorkTest, AsksOneModelForATextThatTwoReplicasWant) {
  a_.embedder.hold();
  const auto first = begin(a_, {"same", "own"});
  const auto second = begin(b_, {"same", "same"});
  const auto third = begin(b_, {"same"});
  a_.embedder.release();
  ASSERT_TRUE(eventually([&] { return first->has_value() && second->has_value() && third->has_value(); }));
  ASSERT_TRUE(**second);
  EXPECT_EQ((*second)->value().vectors[0]->vector, (*first)->value().vectors[0]->vector);
  EXPECT_EQ((*second)->value().computed_tokens, 0U);
  EXPECT_EQ((*second)->value().saved_tokens, 12U);
  EXPECT_EQ(b_.embedder.calls(), 0U);
  EXPECT_EQ(b_.count("kefu_embedding_texts_total{source=\"replica\"}"), 1);
  EXPECT_EQ(b_.count("kefu_embedding_tokens_saved_total{source=\"replica\"}"), 6);
  EXPECT_EQ(b_.count("kefu_embedding_texts_total{source=\"joined\"}"), 2);
  EXPECT_EQ(b_.count("kefu_embedding_claims_total{result=\"waited\"}"), 1);
  EXPECT_TRUE(embed(b_, {"same"}));
  EXPECT_EQ(b_.count("kefu_embedding_texts_total{source=\"memory\"}"), 1);
}

TEST_F(SharedWorkTest, ClaimsNothingForATextOfACache) {
  ASSERT_TRUE(embed(a_, {"text"}));
  ASSERT_TRUE(eventually([&] { return a_.watched.releases == 1; }));
  ASSERT_TRUE(embed(a_, {"text"}));
  ASSERT_TRUE(embed(b_, {"text"}));
  EXPECT_EQ(a_.watched.sizes.size(), 1U);
  EXPECT_EQ(b_.watched.sizes.size(), 0U);
  EXPECT_EQ(a_.count("kefu_embedding_claims_total{result=\"won\"}"), 1);
}

TEST_F(SharedWorkTest, GivesATextToTheOtherWhenItsModelFails) {
  a_.embedder.failure = Error{Errc::internal, "the model failed"};
  a_.embedder.hold();
  const auto failed = begin(a_, {"text"});
  const auto good = begin(b_, {"text"});
  a_.embedder.release();
  ASSERT_TRUE(eventually([&] { return failed->has_value() && good->has_value(); }));
  EXPECT_FALSE(**failed);
  ASSERT_TRUE(**good);
  EXPECT_EQ((*good)->value().computed_tokens, 6U);
  EXPECT_EQ(b_.count("kefu_embedding_claims_total{result=\"expired\"}"), 1);
}

TEST_F(SharedWorkTest, GivesATextToTheOtherWhenItsQueueIsFull) {
  Replica full(*this, {.question_tokens = 1});
  full.embedder.hold();
  const auto running = begin(full, {"running"});
  const auto queued = begin(full, {"queued"});
  const auto refused = begin(full, {"refused", "as well"});
  const auto good = begin(b_, {"refused", "as well"});
  ASSERT_TRUE(eventually([&] { return refused->has_value() && good->has_value(); }));
  EXPECT_EQ((*refused)->error().code, Errc::overloaded);
  EXPECT_TRUE(**good);
  full.embedder.release();
  EXPECT_TRUE(eventually([&] { return running->has_value() && queued->has_value(); }));
  full.flow.stop();
  a_.flow.stop();
  b_.flow.stop();
  kefu::testing::run_task(io_, tasks_.join());
}

TEST_F(SharedWorkTest, GivesATextToTheOtherWhenItsCallersHaveGone) {
  a_.embedder.hold();
  const auto running = begin(a_, {"running"});
  const auto late = begin(a_, {"text"}, Lane::question, Deadline::in(1ms));
  const auto patient = begin(b_, {"text"});
  ASSERT_TRUE(eventually([&] { return late->has_value(); }));
  a_.embedder.release();
  ASSERT_TRUE(eventually([&] { return running->has_value() && patient->has_value(); }));
  EXPECT_TRUE(**patient);
}

TEST_F(SharedWorkTest, EndsTheWaitingForAnotherReplicaAtTheDeadline) {
  a_.embedder.hold();
  const auto first = begin(a_, {"text"});
  const auto second = begin(b_, {"text"}, Lane::question, Deadline::in(20ms));
  ASSERT_TRUE(eventually([&] { return second->has_value(); }));
  EXPECT_EQ((*second)->error().code, Errc::deadline_exceeded);
  EXPECT_TRUE(eventually([&] { return b_.count("kefu_embedding_dropped_texts_total") == 1; }));
  EXPECT_EQ(b_.embedder.calls(), 0U);
  a_.embedder.release();
  EXPECT_TRUE(eventually([&] { return first->has_value(); }));
  EXPECT_TRUE(embed(b_, {"text"}));
}

TEST_F(SharedWorkTest, ComputesByItselfWhenRedisFailsWhileItWaits) {
  a_.embedder.hold();
  const auto first = begin(a_, {"text"});
  const auto second = begin(b_, {"text"});
  store_.down = true;
  ASSERT_TRUE(eventually([&] { return second->has_value(); }));
  EXPECT_TRUE(**second);
  EXPECT_EQ(b_.embedder.calls(), 1U);
  a_.embedder.release();
  ASSERT_TRUE(eventually([&] { return first->has_value(); }));
  EXPECT_TRUE(**first);
}

TEST_F(SharedWorkTest, AsksNobodyWhoComputesWhileRedisIsDown) {
  store_.down = true;
  ASSERT_TRUE(embed(a_, {"text"}));
  EXPECT_EQ(a_.watched.sizes.size(), 0U);
  EXPECT_EQ(a_.count("kefu_embedding_claims_total{result=\"failed\"}"), 1);
}

TEST_F(SharedWorkTest, WaitsOnceAndNotAgainForARedisThatDoesNotAnswerInTime) {
  store_.failure = Error{Errc::deadline_exceeded, "slow"};
  ASSERT_TRUE(embed(a_, {"text"}));
  EXPECT_EQ(a_.watched.sizes.size(), 0U);
  EXPECT_EQ(a_.count("kefu_embedding_claims_total{result=\"failed\"}"), 1);
  store_.failure.reset();
  ASSERT_TRUE(embed(a_, {"another"}));
  EXPECT_EQ(a_.watched.sizes.size(), 1U);
}

TEST_F(SharedWorkTest, GivesTheCallsForClaimsTheTimeThatTheCacheHas) {
  Replica hasty(*this, {}, {.timeout = 20ms});
  ASSERT_TRUE(embed(hasty, {"text"}));
  ASSERT_TRUE(eventually([&] { return hasty.watched.releases == 1; }));
  EXPECT_LE(hasty.watched.longest_wait, 20ms);
  for (Replica* replica : {&hasty, &a_, &b_}) replica->flow.stop();
  kefu::testing::run_task(io_, tasks_.join());
}

TEST_F(SharedWorkTest, ComputesALongTextOnceWithItsWindows) {
  const std::string text = "The first of them. The second one of them.";
  a_.embedder.hold();
  const auto first = begin(a_, {text});
  const auto second = begin(b_, {text});
  a_.embedder.release();
  ASSERT_TRUE(eventually([&] { return first->has_value() && second->has_value(); }));
  ASSERT_TRUE(**second);
  EXPECT_EQ((*second)->value().vectors[0]->vector, (*first)->value().vectors[0]->vector);
  EXPECT_EQ((*second)->value().computed_tokens, 0U);
  EXPECT_EQ(b_.embedder.calls(), 0U);
}

TEST_F(SharedWorkTest, LetsNoQuestionWaitForTheImportsOfAnotherReplica) {
  a_.embedder.hold();
  const auto running = begin(a_, {"running"});
  const auto import = begin(a_, {"text"}, Lane::import);
  const auto question = begin(b_, {"text"});
  ASSERT_TRUE(eventually([&] { return question->has_value(); }));
  EXPECT_EQ((*question)->value().computed_tokens, 6U);
  a_.embedder.release();
  EXPECT_TRUE(eventually([&] { return import->has_value() && running->has_value(); }));
}

TEST_F(SharedWorkTest, TakesAnotherReplicasImportWhenAQuestionJoinsItsOwn) {
  a_.embedder.hold();
  const auto running = begin(a_, {"running"});
  const auto import = begin(a_, {"text"}, Lane::import);
  const auto waiting = begin(b_, {"text"}, Lane::import);
  EXPECT_FALSE(waiting->has_value());
  const auto question = begin(b_, {"text"});
  ASSERT_TRUE(eventually([&] { return question->has_value() && waiting->has_value(); }));
  EXPECT_EQ(b_.embedder.calls(), 1U);
  a_.embedder.release();
  EXPECT_TRUE(eventually([&] { return import->has_value() && running->has_value(); }));
}

}  // namespace
}  // namespace kefu::embedding
