#include "flow_fixture.hpp"

namespace kefu::embedding {
namespace {

using testing::FakeEmbedder;
using EmbeddingFlowTest = testing::FlowTest;
using namespace std::chrono_literals;

TEST_F(EmbeddingFlowTest, GivesATextTheSameVectorFreshAndCached) {
  const auto fresh = embed({"运费谁出"});
  ASSERT_TRUE(fresh);
  EXPECT_EQ(fresh->computed_tokens, 14U);
  EXPECT_EQ(fresh->saved_tokens, 0U);
  ASSERT_TRUE(eventually([&] { return store.values.size() == 1; }));
  const auto cached = embed({"运费谁出"});
  ASSERT_TRUE(cached);
  EXPECT_EQ(cached->vectors[0]->vector, fresh->vectors[0]->vector);
  EXPECT_EQ(cached->computed_tokens, 0U);
  EXPECT_EQ(cached->saved_tokens, 14U);
  EXPECT_EQ(embedder.calls(), 1U);
  EXPECT_EQ(metric("kefu_embedding_tokens_computed_total"), 14);
  EXPECT_EQ(metric("kefu_embedding_tokens_saved_total{source=\"redis\"}"), 14);
}

TEST_F(EmbeddingFlowTest, TakesFullWidthAndPlainFormsForOneText) {
  ASSERT_TRUE(embed({"怎么退货？ABC"}));
  ASSERT_TRUE(embed({"  怎么退货?ＡＢＣ "}));
  EXPECT_EQ(embedder.seen().size(), 1U);
}

TEST_F(EmbeddingFlowTest, KeepsTheRolesOfATextApart) {
  ASSERT_TRUE(embed({"text"}, Role::query));
  ASSERT_TRUE(embed({"text"}, Role::passage));
  EXPECT_EQ(embedder.seen().size(), 2U);
}

TEST_F(EmbeddingFlowTest, AsksTheModelOnceForEightIdenticalRequestsAtOnce) {
  embedder.hold();
  std::vector<std::shared_ptr<std::optional<Outcome>>> outcomes;
  for (int i = 0; i < 8; ++i) outcomes.push_back(begin({"same"}));
  embedder.release();
  ASSERT_TRUE(eventually([&] {
    return std::ranges::all_of(outcomes, [](const auto& outcome) { return outcome->has_value(); });
  }));
  std::uint64_t computed = 0;
  std::uint64_t saved = 0;
  for (const auto& outcome : outcomes) {
    ASSERT_TRUE(**outcome);
    computed += (*outcome)->value().computed_tokens;
    saved += (*outcome)->value().saved_tokens;
  }
  EXPECT_EQ(embedder.seen().size(), 1U);
  EXPECT_EQ(store.lookups, 1U);
  EXPECT_EQ(computed, 6U);
  EXPECT_EQ(saved, 7 * 6U);
  EXPECT_EQ(metric("kefu_embedding_texts_total{source=\"joined\"}"), 7);
}

TEST_F(EmbeddingFlowTest, ComputesTheDuplicatesOfARequestOnceAndKeepsTheOrder) {
  const auto result = embed({"a", "b", "a", "c", "b"});
  ASSERT_TRUE(result);
  EXPECT_EQ(embedder.seen(), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(result->vectors[0]->vector, result->vectors[2]->vector);
  EXPECT_EQ(result->vectors[1]->vector, result->vectors[4]->vector);
  EXPECT_NE(result->vectors[0]->vector, result->vectors[1]->vector);
  EXPECT_EQ(result->computed_tokens, 9U);
  EXPECT_EQ(result->saved_tokens, 6U);
}

TEST_F(EmbeddingFlowTest, AnswersRightWhileRedisIsDownAndCountsMisses) {
  store.down = true;
  ASSERT_TRUE(embed({"a"}));
  ASSERT_TRUE(embed({"a"}));
  EXPECT_EQ(embedder.seen().size(), 2U);
  EXPECT_EQ(metric("kefu_embedding_cache_lookups_total{result=\"error\",tier=\"redis\"}"), 2);
  EXPECT_TRUE(eventually([&] { return metric("kefu_embedding_cache_write_errors_total") == 2; }));
}

TEST_F(EmbeddingFlowTest, ReplacesACorruptValueOfTheCache) {
  const auto fresh = embed({"a"});
  ASSERT_TRUE(eventually([&] { return store.values.size() == 1; }));
  const std::string good = store.values.begin()->second;
  store.values.begin()->second[10] ^= 1;
  const auto again = embed({"a"});
  ASSERT_TRUE(again);
  EXPECT_EQ(again->vectors[0]->vector, fresh->vectors[0]->vector);
  EXPECT_EQ(metric("kefu_embedding_cache_lookups_total{result=\"corrupt\",tier=\"redis\"}"), 1);
  EXPECT_TRUE(eventually([&] { return store.values.begin()->second == good; }));
}

TEST_F(EmbeddingFlowTest, EmbedsATextThatIsTooLongInWindowsAndCutsNothing) {
  const std::string text = "The first of them. The second one of them.";
  const auto result = embed({"short", text});
  ASSERT_TRUE(result);
  EXPECT_EQ(embedder.seen(),
            (std::vector<std::string>{"short", "The first of them.", "The second one of them."}));
  double square = 0;
  for (const float each : result->vectors[1]->vector) square += double{each} * each;
  EXPECT_NEAR(square, 1, 1e-3);
  EXPECT_EQ(result->computed_tokens, std::string("short").size() + text.size() - 1 + 3 * 2);
}

TEST_F(EmbeddingFlowTest, KeepsTheVectorOfALongTextUnderTheWholeText) {
  const std::string text(100, 'x');
  const auto first = embed({text});
  ASSERT_TRUE(first);
  const std::size_t calls = embedder.calls();
  settle();
  const auto again = embed({text});
  ASSERT_TRUE(again);
  EXPECT_EQ(embedder.calls(), calls);
  EXPECT_EQ(again->computed_tokens, 0U);
  EXPECT_EQ(again->saved_tokens, first->computed_tokens + first->saved_tokens);
  EXPECT_EQ(again->vectors[0]->vector, first->vectors[0]->vector);
}

TEST_F(EmbeddingFlowTest, GivesALongTextTheTimeOfWhoJoinedLast) {
  embedder.hold();
  const auto first = begin({std::string(100, 'x')}, Lane::question, Deadline::in(200ms));
  ASSERT_TRUE(eventually([&] { return embedder.calls() == 1; }));
  const auto second = begin({std::string(100, 'x')});
  ASSERT_TRUE(eventually([&] { return first->has_value(); }));
  EXPECT_EQ((*first)->error().code, Errc::deadline_exceeded);
  embedder.release();
  ASSERT_TRUE(eventually([&] { return second->has_value(); }));
  EXPECT_TRUE(**second);
}

TEST_F(EmbeddingFlowTest, FailsALongTextWithOneOfItsWindows) {
  embedder.failure = Error{Errc::internal, "the model failed"};
  const auto result = embed({std::string(100, 'x')});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::internal);
}

TEST_F(EmbeddingFlowTest, DividesATextThatOnlyItsPrefixMakesTooLong) {
  embedder.added = 1;
  ASSERT_TRUE(embed({std::string(flow->max_tokens(), 'x')}));
  EXPECT_EQ(embedder.seen().size(), 2U);
}

TEST_F(EmbeddingFlowTest, NamesATextAndNotAWindowOfItWhereAProviderRefusesIt) {
  embedder.failure = Error{Errc::invalid_argument, "the embedding provider refused the text"};
  const auto result = embed({"short", std::string(100, 'x')}, Role::query);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "texts[0]: the embedding provider refused the text");
  EXPECT_EQ(embed({std::string(100, 'x')}).error().message, "texts[0]: the model refuses a part of the text");
}

TEST_F(EmbeddingFlowTest, RefusesTextsWithoutContentAndBytesThatAreNotUtf8) {
  for (const std::string& bad :
       {std::string(), std::string(" \t\n"), std::string("\x01\x02"), std::string("\xff\xfe")}) {
    const auto result = embed({"good", bad});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::invalid_argument);
    EXPECT_TRUE(result.error().message.starts_with("texts[1]: ")) << result.error().message;
  }
}

TEST_F(EmbeddingFlowTest, FailsOnlyTheRequestWhoseTextTheModelFailsOn) {
  embedder.hold();
  const auto bad = begin({std::string(FakeEmbedder::kPoison)});
  const auto good = begin({"good"});
  embedder.release();
  ASSERT_TRUE(eventually([&] { return bad->has_value() && good->has_value(); }));
  EXPECT_EQ((*bad)->error().code, Errc::internal);
  EXPECT_TRUE(good->value());
  EXPECT_FALSE(embed({std::string(FakeEmbedder::kPoison)}));  // not remembered
  EXPECT_EQ(std::ranges::count(embedder.seen(), FakeEmbedder::kPoison), 2);
}

TEST_F(EmbeddingFlowTest, RefusesAtOnceWhenTheQueueIsFull) {
  make_flow({.question_tokens = 10});
  embedder.hold();
  const auto running = begin({"running"});
  const auto queued = begin({"as long as it takes"});
  const auto refused = begin({"one too many"});
  ASSERT_TRUE(refused->has_value());
  EXPECT_EQ((*refused)->error().code, Errc::overloaded);
  EXPECT_EQ(metric("kefu_embedding_refused_texts_total"), 1);
  EXPECT_EQ(metric("kefu_embedding_queue_texts{lane=\"question\"}"), 1);
  embedder.release();
  EXPECT_TRUE(eventually([&] { return queued->has_value() && running->has_value(); }));
}

TEST_F(EmbeddingFlowTest, LetsQuestionsPassTheTextsOfImports) {
  embedder.hold();
  const auto import = begin({"i1", "i2", "i3"}, Lane::import);
  const auto question = begin({"q"});
  embedder.release();
  ASSERT_TRUE(eventually([&] { return import->has_value() && question->has_value(); }));
  EXPECT_EQ(embedder.seen(), (std::vector<std::string>{"i1", "q", "i2", "i3"}));
}

TEST_F(EmbeddingFlowTest, TakesAnImportedTextToTheFrontWhenAQuestionWantsItToo) {
  embedder.hold();
  const auto import = begin({"i1", "i2", "i3"}, Lane::import);
  const auto question = begin({"i3"});
  embedder.release();
  ASSERT_TRUE(eventually([&] { return import->has_value() && question->has_value(); }));
  EXPECT_EQ(embedder.seen(), (std::vector<std::string>{"i1", "i3", "i2"}));
}

TEST_F(EmbeddingFlowTest, FillsACallUpToTheTokensThatTheEngineTakesFromOneLane) {
  embedder.info.tokens_a_call = 9;
  embedder.hold();
  const auto running = begin({"running"});
  const auto import = begin({"i1", "i2"}, Lane::import);
  const auto question = begin({"q1", "q2", "q3"});
  embedder.release();
  ASSERT_TRUE(eventually([&] { return import->has_value() && question->has_value(); }));
  EXPECT_EQ(embedder.seen(), (std::vector<std::string>{"running", "q1", "q2", "q3", "i1", "i2"}));
  EXPECT_EQ(embedder.calls(), 4U);
}

TEST_F(EmbeddingFlowTest, PutsNoMoreTextsIntoACallThanTheEngineTakes) {
  embedder.info.tokens_a_call = 1000;
  embedder.info.texts_a_call = 2;
  ASSERT_TRUE(embed({"a", "b", "c", "d", "e"}));
  EXPECT_EQ(embedder.calls(), 3U);
}

TEST_F(EmbeddingFlowTest, LetsACallLastAsLongAsAnybodyWaits) {
  embedder.info.tokens_a_call = 1000;
  embedder.hold();
  const auto running = begin({"running"});
  const Deadline last = Deadline::in(20s);
  const auto early = begin({"text"}, Lane::question, Deadline::in(10s));
  const auto late = begin({"text"}, Lane::question, last);
  embedder.release();
  ASSERT_TRUE(eventually([&] { return early->has_value() && late->has_value(); }));
  ASSERT_EQ(embedder.deadlines.size(), 2U);
  EXPECT_EQ(embedder.deadlines[1].time(), last.time());
}

TEST_F(EmbeddingFlowTest, KeepsAsManyCallsOpenAsTheEngineTakes) {
  embedder.info.calls_at_once = 2;
  make_flow({});
  embedder.hold();
  const auto outcome = begin({"a", "b", "c"});
  EXPECT_EQ(embedder.calls(), 2U);
  embedder.release();
  ASSERT_TRUE(eventually([&] { return outcome->has_value(); }));
  EXPECT_EQ(embedder.calls(), 3U);
}

TEST_F(EmbeddingFlowTest, KeepsACallForQuestionsWhereImportsMayHoldOthersForLong) {
  embedder.info.calls_at_once = 2;
  embedder.info.calls_of_imports = 1;
  make_flow({});
  embedder.hold();
  const auto import = begin({"i1", "i2", "i3"}, Lane::import);
  EXPECT_EQ(embedder.seen(), std::vector<std::string>{"i1"});
  const auto question = begin({"q"});
  EXPECT_EQ(embedder.seen(), (std::vector<std::string>{"i1", "q"}));
  embedder.release();
  EXPECT_TRUE(eventually([&] { return import->has_value() && question->has_value(); }));
}

TEST_F(EmbeddingFlowTest, FinishesTheImportsThatItHoldsWhenItStops) {
  embedder.info.calls_at_once = 2;
  embedder.info.calls_of_imports = 1;
  make_flow({});
  embedder.hold();
  const auto import = begin({"i1", "i2", "i3"}, Lane::import);
  flow->stop();
  settle();
  embedder.release();
  EXPECT_TRUE(eventually([&] { return import->has_value(); }));
  EXPECT_TRUE(import->value());
}

TEST_F(EmbeddingFlowTest, DoesNotComputeWhatNobodyWaitsForAnyMore) {
  embedder.hold();
  const auto running = begin({"running"});
  const auto late = begin({"late"}, Lane::question, Deadline::in(1ms));
  ASSERT_TRUE(eventually([&] { return late->has_value(); }));
  EXPECT_EQ((*late)->error().code, Errc::deadline_exceeded);
  embedder.release();
  ASSERT_TRUE(eventually([&] { return running->has_value(); }));
  ASSERT_TRUE(eventually([&] { return metric("kefu_embedding_dropped_texts_total") == 1; }));
  EXPECT_EQ(embedder.seen(), std::vector<std::string>{"running"});
  EXPECT_TRUE(embed({"late"}));
}

TEST_F(EmbeddingFlowTest, ComputesForWhoeverStillWaitsWhenTheFirstCallerGaveUp) {
  embedder.hold();
  const auto running = begin({"running"});
  const auto first = begin({"text"}, Lane::question, Deadline::in(1ms));
  const auto second = begin({"text"});
  ASSERT_TRUE(eventually([&] { return first->has_value(); }));
  embedder.release();
  ASSERT_TRUE(eventually([&] { return second->has_value(); }));
  EXPECT_TRUE(second->value());
}

TEST_F(EmbeddingFlowTest, CountsTokensOfTheTextAlone) {
  const auto counted =
      kefu::testing::run_task(io, flow->count_tokens({"abc", "", " a ", std::string(5000, 'x')}));
  ASSERT_TRUE(counted);
  EXPECT_EQ(counted->counts, (std::vector<std::uint32_t>{3, 0, 1, 5000}));
  EXPECT_EQ(counted->max_tokens, 30U);
  const auto bad = kefu::testing::run_task(io, flow->count_tokens({"abc", "\xff"}));
  EXPECT_EQ(bad.error().code, Errc::invalid_argument);
  EXPECT_TRUE(bad.error().message.starts_with("texts[1]: "));
}

TEST_F(EmbeddingFlowTest, EmbedsALargeRequestOffTheEventLoop) {
  std::vector<std::string> texts;
  for (int i = 0; i < 256; ++i) texts.push_back("text number " + std::to_string(i));
  const auto result = embed(texts);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->vectors.size(), 256U);
  EXPECT_EQ(embedder.seen().size(), 256U);
}

}  // namespace
}  // namespace kefu::embedding
