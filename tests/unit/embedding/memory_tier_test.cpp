#include "flow_fixture.hpp"

namespace kefu::embedding {
namespace {

using namespace std::chrono_literals;

/// The flow with all three tiers, and a clock that the test turns.
class MemoryTierTest : public testing::FlowTest {
 protected:
  MemoryTierTest() {
    cache_options.memory_bytes = 1 << 20;
    cache_options.ttl = 1h;
    cache_options.now = [time = time] { return *time; };
    make_flow({});
  }

  double lookups(const std::string& where, const std::string& result) const {
    return metric("kefu_embedding_cache_lookups_total{result=\"" + result + "\",tier=\"" + where + "\"}");
  }

  /// The flow outlives what this class adds to its base.
  std::shared_ptr<std::chrono::system_clock::time_point> time =
      std::make_shared<std::chrono::system_clock::time_point>(std::chrono::seconds(1'800'000'000));
};

TEST_F(MemoryTierTest, AnswersARepeatedQuestionAtOnceWithoutRedisOrATask) {
  const auto fresh = embed({"运费谁出？", "怎么退货？"});
  ASSERT_TRUE(fresh);
  settle();
  const std::size_t lookups_before = store.lookups;
  const std::size_t tasks_before = tasks.running();
  // Nothing else runs between the call and its end.
  const auto outcome = std::make_shared<std::optional<Outcome>>();
  struct Once {
    static Task<void> ask(EmbeddingFlow& flow, std::shared_ptr<std::optional<Outcome>> outcome) {
      *outcome =
          co_await flow.embed({"怎么退货?", " 运费谁出?"}, Role::query, Lane::question, Deadline::in(30s));
    }
  };
  callers.spawn(Once::ask(*flow, outcome));
  io.restart();
  io.poll_one();
  ASSERT_TRUE(outcome->has_value());
  ASSERT_TRUE(**outcome);
  EXPECT_EQ((**outcome)->vectors[0]->vector, fresh->vectors[1]->vector);
  EXPECT_EQ((**outcome)->vectors[1]->vector, fresh->vectors[0]->vector);
  EXPECT_EQ((**outcome)->computed_tokens, 0U);
  EXPECT_EQ((**outcome)->saved_tokens, fresh->computed_tokens);
  EXPECT_EQ(store.lookups, lookups_before);
  EXPECT_EQ(tasks.running(), tasks_before);
  EXPECT_EQ(lookups("memory", "hit"), 2);
  EXPECT_EQ(lookups("memory", "miss"), 2);
  EXPECT_EQ(metric("kefu_embedding_texts_total{source=\"memory\"}"), 2);
  EXPECT_EQ(metric("kefu_embedding_tokens_saved_total{source=\"memory\"}"),
            static_cast<double>(fresh->computed_tokens));
  EXPECT_EQ(metric("kefu_embedding_memory_cache_entries"), 2);
  EXPECT_EQ(metric("kefu_embedding_memory_cache_bytes"),
            static_cast<double>(2 * VectorMemory(1 << 20, 8, 1h).bytes_an_entry()));
}

TEST_F(MemoryTierTest, LooksUpOnlyWhatMemoryLacks) {
  ASSERT_TRUE(embed({"a", "b"}));
  settle();
  const auto mixed = embed({"b", "c", "a"});
  ASSERT_TRUE(mixed);
  EXPECT_EQ(embedder.seen(), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(lookups("redis", "miss"), 3);
  EXPECT_EQ(mixed->vectors[2]->vector, embed({"a"})->vectors[0]->vector);
  EXPECT_EQ(mixed->computed_tokens, 3U);
  EXPECT_EQ(mixed->saved_tokens, 6U);
}

TEST_F(MemoryTierTest, TakesWhatAnotherReplicaComputedFromRedisOnce) {
  const auto fresh = embed({"a"});
  ASSERT_TRUE(fresh);
  settle();
  make_flow({});  // as another process would be: with an empty memory
  for (int i = 0; i < 3; ++i) EXPECT_EQ(embed({"a"})->vectors[0]->vector, fresh->vectors[0]->vector);
  EXPECT_EQ(embedder.seen().size(), 1U);
  EXPECT_EQ(lookups("redis", "hit"), 1);
  EXPECT_EQ(lookups("memory", "hit"), 2);
  EXPECT_EQ(metric("kefu_embedding_tokens_saved_total{source=\"redis\"}"), 3);
}

TEST_F(MemoryTierTest, LetsAVectorGrowNoOlderForHavingMovedFromRedisToMemory) {
  ASSERT_TRUE(embed({"a"}));
  settle();
  make_flow({});
  *time += 59min;
  ASSERT_TRUE(embed({"a"}));
  EXPECT_EQ(lookups("redis", "hit"), 1);
  *time += 2min;
  store.values.clear();  // as Redis does after the same time
  ASSERT_TRUE(embed({"a"}));
  EXPECT_EQ(embedder.seen().size(), 2U);
}

TEST_F(MemoryTierTest, NeverGivesTheVectorOfAnotherModel) {
  const auto old = embed({"a"});
  ASSERT_TRUE(old);
  settle();
  const auto values = store.values;
  embedder.info.fingerprint = "another";
  make_flow({});
  EXPECT_EQ(embed({"a"})->computed_tokens, 3U);
  settle();
  ASSERT_EQ(store.values.size(), 2U);
  // Nor if somebody copies one model's values to the keys of the other.
  const std::string bytes = values.begin()->second;
  for (auto& [key, value] : store.values) value = bytes;
  make_flow({});
  EXPECT_EQ(embed({"a"})->computed_tokens, 3U);
  EXPECT_EQ(lookups("redis", "corrupt"), 1);
}

TEST_F(MemoryTierTest, AnswersWhatItKnowsWhileRedisAndTheModelAreDown) {
  ASSERT_TRUE(embed({"a"}));
  settle();
  store.down = true;
  embedder.failure = Error{Errc::unavailable, "down"};
  EXPECT_TRUE(embed({"a"}));
  EXPECT_FALSE(embed({"a", "b"}));
}

TEST_F(MemoryTierTest, KeepsTheQuestionsThroughAnImport) {
  cache_options.memory_bytes = 8UL * 1024;
  make_flow({});
  const std::size_t most = VectorMemory(8UL * 1024, 8, 1h).most_entries();
  std::vector<std::string> questions;
  for (std::size_t i = 0; i < most / 2; ++i) questions.push_back("question " + std::to_string(i));
  ASSERT_TRUE(embed(questions));
  for (std::size_t i = 0; i < most * 4; ++i)
    ASSERT_TRUE(embed({"passage " + std::to_string(i)}, Role::passage, Lane::import));
  settle();
  const double before = lookups("memory", "hit");
  ASSERT_TRUE(embed(questions));
  EXPECT_EQ(lookups("memory", "hit") - before, static_cast<double>(questions.size()));
}

TEST_F(MemoryTierTest, CountsTheTokensOfALongTextOnceWhateverItsWindowsCost) {
  const std::string text = "The first of them. The second one of them.";
  ASSERT_TRUE(embed({"The first of them."}));
  settle();
  const auto whole = embed({text});
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->computed_tokens, std::string("The second one of them.").size() + 2);
  EXPECT_EQ(whole->saved_tokens, std::string("The first of them.").size() + 2);
  EXPECT_EQ(metric("kefu_embedding_tokens_saved_total{source=\"memory\"}"),
            static_cast<double>(whole->saved_tokens));
  settle();
  const auto again = embed({text});
  EXPECT_EQ(again->computed_tokens, 0U);
  EXPECT_EQ(again->saved_tokens, whole->computed_tokens + whole->saved_tokens);
}

TEST_F(MemoryTierTest, LeavesARedisAloneThatDoesNotAnswerInTime) {
  store.failure = Error{Errc::deadline_exceeded, "slow"};
  for (const char* text : {"a", "b", "c", "d"}) ASSERT_TRUE(embed({text}));
  settle();
  EXPECT_LT(store.lookups + store.writes, 4U);
  EXPECT_EQ(lookups("redis", "error"), 4);
  EXPECT_EQ(metric("kefu_embedding_cache_write_errors_total"), 4);
  EXPECT_TRUE(embed({"a"}));
  EXPECT_EQ(embedder.seen().size(), 4U);
  // After a second it tries again.
  store.failure.reset();
  int text = 0;
  EXPECT_TRUE(eventually([&] {
    callers.spawn(ignore(
        flow->embed({"new " + std::to_string(text++)}, Role::query, Lane::question, Deadline::in(30s))));
    return lookups("redis", "miss") > 0;
  }));
}

TEST_F(MemoryTierTest, AsksARedisThatFailsAtOnceAgainEachTime) {
  store.down = true;
  for (const char* text : {"a", "b", "c", "d", "e"}) ASSERT_TRUE(embed({text}));
  settle();
  EXPECT_EQ(store.lookups, 5U);
  store.down = false;
  ASSERT_TRUE(embed({"f"}));
  EXPECT_EQ(lookups("redis", "miss"), 1);
}

}  // namespace
}  // namespace kefu::embedding
