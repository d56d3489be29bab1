#include "flow_fixture.hpp"

namespace kefu::embedding {
namespace {

/// The queue as callers of the flow meet it, where embedding_flow_test does not.
using ModelQueueTest = testing::FlowTest;
using namespace std::chrono_literals;

TEST_F(ModelQueueTest, WakesTheCallThatIsFreeForAQuestionThatJoinsAnImport) {
  embedder.info.calls_at_once = 2;
  embedder.info.calls_of_imports = 1;
  make_flow({});
  embedder.hold();
  const auto import = begin({"i1", "i2", "i3"}, Lane::import);
  ASSERT_EQ(embedder.seen(), std::vector<std::string>{"i1"});
  const auto question = begin({"i3"});
  EXPECT_EQ(embedder.seen(), (std::vector<std::string>{"i1", "i3"}));
  EXPECT_EQ(metric("kefu_embedding_queue_texts{lane=\"import\"}"), 1);
  EXPECT_EQ(metric("kefu_embedding_queue_texts{lane=\"question\"}"), 0);
  embedder.release();
  EXPECT_TRUE(eventually([&] { return import->has_value() && question->has_value(); }));
}

TEST_F(ModelQueueTest, LetsAQuestionWaitForOneBatchOfAnImportAndNoMore) {
  embedder.info.tokens_a_call = 12;  // three texts of four tokens
  embedder.info.calls_at_once = 2;
  make_flow({});
  embedder.hold();
  std::vector<std::string> texts;
  for (int i = 10; i < 40; ++i) texts.push_back(std::to_string(i));
  const auto import = begin(texts, Lane::import);
  ASSERT_EQ(embedder.seen().size(), 6U);  // both calls are an import's
  const auto question = begin({"q1", "q2"});
  embedder.release();
  ASSERT_TRUE(eventually([&] { return question->has_value() && import->has_value(); }));
  EXPECT_EQ(embedder.seen()[6], "q1");
  EXPECT_EQ(embedder.seen()[7], "q2");
}

TEST_F(ModelQueueTest, RefusesAllTextsOfARequestOrNone) {
  make_flow({.question_tokens = 10});
  embedder.hold();
  const auto running = begin({"running"});
  const auto queued = begin({"a", "b", "as long as it takes"});
  EXPECT_FALSE(queued->has_value());
  const auto refused = begin({"c", "d"});
  ASSERT_TRUE(refused->has_value());
  EXPECT_EQ((*refused)->error().code, Errc::overloaded);
  EXPECT_EQ(metric("kefu_embedding_refused_texts_total"), 2);
  const auto import = begin({"import"}, Lane::import);  // has a queue of its own
  EXPECT_FALSE(import->has_value());
  embedder.release();
  ASSERT_TRUE(eventually([&] { return queued->has_value() && import->has_value(); }));
  EXPECT_TRUE(queued->value());
  EXPECT_EQ(std::ranges::count(embedder.seen(), "c"), 0);
  EXPECT_TRUE(embed({"c"}));
}

TEST_F(ModelQueueTest, RefusesWhatComesAfterItsEndAndLetsNobodyWaitForIt) {
  flow->stop();
  settle();
  const auto late = embed({"late"});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Errc::unavailable);
}

TEST_F(ModelQueueTest, MakesRoomByDroppingWhatNobodyWaitsFor) {
  make_flow({.question_tokens = 10});
  embedder.hold();
  const auto running = begin({"running"});
  const auto late = begin({"nobody waits for this"}, Lane::question, Deadline::in(1ms));
  ASSERT_TRUE(eventually([&] { return late->has_value(); }));
  const auto next = begin({"next"});
  EXPECT_FALSE(next->has_value());
  EXPECT_EQ(metric("kefu_embedding_dropped_texts_total"), 1);
  EXPECT_EQ(metric("kefu_embedding_refused_texts_total"), 0);
  embedder.release();
  ASSERT_TRUE(eventually([&] { return next->has_value(); }));
  EXPECT_TRUE(next->value());
  EXPECT_EQ(embedder.seen(), (std::vector<std::string>{"running", "next"}));
}

TEST_F(ModelQueueTest, TellsWhoStillWaitsWhatItCostWhenTheFirstCallerGaveUp) {
  embedder.hold();
  const auto running = begin({"running"});
  const auto first = begin({"text"}, Lane::question, Deadline::in(1ms));
  const auto second = begin({"text"});
  const auto third = begin({"text"});
  ASSERT_TRUE(eventually([&] { return first->has_value(); }));
  embedder.release();
  ASSERT_TRUE(eventually([&] { return second->has_value() && third->has_value(); }));
  EXPECT_EQ((*second)->value().computed_tokens, 6U);
  EXPECT_EQ((*second)->value().saved_tokens, 0U);
  EXPECT_EQ((*third)->value().computed_tokens, 0U);
  EXPECT_EQ((*third)->value().saved_tokens, 6U);
}

}  // namespace
}  // namespace kefu::embedding
