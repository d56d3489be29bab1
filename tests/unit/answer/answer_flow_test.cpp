#include "code_points.hpp"
#include "flow_fixture.hpp"

#include <gmock/gmock.h>

namespace kefu::answer {
namespace {

using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST_F(Flow, AnswersFromTheFaqRowWordForWord) {
  search_.reply = clear_faq();
  const auto answer = ask();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->answer(), kFaqAnswer);
  EXPECT_EQ(answer->decision(), kefu::v1::DECISION_FAQ);
  EXPECT_GT(answer->confidence(), 0.9);
  ASSERT_EQ(answer->sources_size(), 1);
  EXPECT_EQ(answer->sources(0).document(), "R1");
  EXPECT_EQ(answer->sources(0).filename(), "faq.csv");
  EXPECT_EQ(answer->usage().embedding_tokens(), 9U);
  EXPECT_EQ(answer->degraded(), "");
}

TEST_F(Flow, AsksEveryServiceWithTheNormalisedQuestion) {
  ASSERT_TRUE(ask());
  EXPECT_THAT(embedding_.asked, ElementsAre("退货,运费谁出?"));
  ASSERT_EQ(search_.asked.size(), 1U);
  EXPECT_EQ(search_.asked[0].question(), "退货,运费谁出?");
  EXPECT_EQ(search_.asked[0].kb_incarnation(), "inc-1");
  EXPECT_EQ(search_.asked[0].model_fingerprint(), "m");
  EXPECT_EQ(search_.asked[0].vector().size(), 16U);
  EXPECT_EQ(search_.asked[0].top_k(), options_.default_top_k);
}

TEST_F(Flow, ExtractsFromAPassageAndNamesTheSpan) {
  search_.reply = clear_passage();
  const auto answer = ask();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->decision(), kefu::v1::DECISION_EXTRACTED);
  EXPECT_EQ(answer->answer(), kPassage);
  EXPECT_EQ(answer->sources(0).heading(), "运费");
  EXPECT_EQ(answer->sources(0).passage(), 7U);
  EXPECT_EQ(answer->sources(0).span().begin(), 0U);
  EXPECT_EQ(answer->sources(0).span().end(), code_points(kPassage).size());
}

TEST_F(Flow, RefusesInTheLanguageOfTheQuestion) {
  auto answer = ask();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->decision(), kefu::v1::DECISION_REFUSED);
  EXPECT_EQ(answer->answer(), options_.refusals.chinese);
  EXPECT_EQ(answer->sources_size(), 0);
  request_.set_question("Who pays?");
  answer = ask();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->answer(), options_.refusals.english);
}

TEST_F(Flow, RefusesWhenTheKnowledgeBaseIsEmpty) {
  search_.reply = found({});
  const auto answer = ask(&llm_);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->decision(), kefu::v1::DECISION_REFUSED);
  EXPECT_THAT(llm_.asked, IsEmpty());
}

TEST_F(Flow, LetsTheModelWriteFromThePassages) {
  search_.reply = clear_passage();
  const auto answer = ask(&llm_);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->decision(), kefu::v1::DECISION_GENERATED);
  EXPECT_EQ(answer->answer(), "我们承担[1]。");
  EXPECT_EQ(answer->sources_size(), 1);
  EXPECT_EQ(answer->usage().prompt_tokens(), 200U);
  EXPECT_EQ(answer->usage().completion_tokens(), 5U);
  EXPECT_THAT(llm_.asked.at(0).at(1).content, HasSubstr(kPassage));
}

TEST_F(Flow, StreamsSourcesThenDeltas) {
  search_.reply = clear_passage();
  const auto answer = ask_streaming(&llm_);
  ASSERT_TRUE(answer);
  ASSERT_EQ(events_.size(), 3U);
  EXPECT_EQ(events_[0].sources().sources_size(), 1);
  EXPECT_EQ(events_[1].delta(), "我们");
  EXPECT_EQ(events_[2].delta(), "承担[1]。");
}

TEST_F(Flow, StreamsAnswersThatNoModelWroteInTheSameShape) {
  search_.reply = clear_faq();
  ASSERT_TRUE(ask_streaming());
  ASSERT_EQ(events_.size(), 2U);
  EXPECT_EQ(events_[0].sources().sources_size(), 1);
  EXPECT_EQ(events_[1].delta(), kFaqAnswer);
}

TEST_F(Flow, SpendsNoModelOnAClearFaqRow) {
  search_.reply = clear_faq();
  ASSERT_TRUE(ask(&llm_));
  EXPECT_THAT(llm_.asked, IsEmpty());
}

TEST_F(Flow, NeverAsksTheModelInExtractiveMode) {
  search_.reply = clear_passage();
  request_.set_mode(kefu::v1::ASK_MODE_EXTRACTIVE);
  const auto answer = ask(&llm_);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->decision(), kefu::v1::DECISION_EXTRACTED);
  EXPECT_THAT(llm_.asked, IsEmpty());
}

TEST_F(Flow, SaysThatNoModelIsThereWhenOneWasAskedFor) {
  search_.reply = clear_faq();
  request_.set_mode(kefu::v1::ASK_MODE_GENERATIVE);
  const auto answer = ask();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->decision(), kefu::v1::DECISION_FAQ);
  EXPECT_THAT(answer->degraded(), HasSubstr("no language model"));
}

TEST_F(Flow, FallsBackToThePassageWhenTheModelFailsBeforeItsFirstWord) {
  search_.reply = clear_passage();
  llm_.pieces.clear();
  llm_.end = fail(Errc::unavailable, "the language model failed");
  const auto answer = ask_streaming(&llm_);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->decision(), kefu::v1::DECISION_EXTRACTED);
  EXPECT_EQ(answer->answer(), kPassage);
  EXPECT_THAT(answer->degraded(), HasSubstr("the language model failed"));
  ASSERT_EQ(events_.size(), 2U);
  EXPECT_EQ(events_[1].delta(), kPassage);
  EXPECT_THAT(exposed(), HasSubstr("kefu_answer_degraded_total{reason=\"llm_failed\"} 1"));
  EXPECT_THAT(exposed(), HasSubstr("kefu_answer_llm_errors_total{code=\"unavailable\"} 1"));
}

TEST_F(Flow, FallsBackToTheFaqRowWhenTheModelFailsInGenerativeMode) {
  search_.reply = clear_faq();
  request_.set_mode(kefu::v1::ASK_MODE_GENERATIVE);
  llm_.pieces.clear();
  llm_.end = fail(Errc::deadline_exceeded, "too late");
  const auto answer = ask(&llm_);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->decision(), kefu::v1::DECISION_FAQ);
  EXPECT_EQ(answer->answer(), kFaqAnswer);
}

TEST_F(Flow, EndsWithTheErrorWhenTheModelFailsInTheMiddleOfAStream) {
  search_.reply = clear_passage();
  llm_.pieces = {"我们"};
  llm_.end = fail(Errc::bad_upstream, "broke off");
  const auto answer = ask_streaming(&llm_);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::bad_upstream);
  EXPECT_EQ(events_.size(), 2U);
}

TEST_F(Flow, FallsBackEvenFromTheMiddleWhenTheCallerHasSeenNothing) {
  search_.reply = clear_passage();
  llm_.pieces = {"我们"};
  llm_.end = fail(Errc::bad_upstream, "broke off");
  const auto answer = ask(&llm_);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->answer(), kPassage);
}

TEST_F(Flow, SaysThatTheModelsAnswerWasCut) {
  search_.reply = clear_passage();
  llm_.end = Completion{.cut = true};
  EXPECT_THAT(ask(&llm_)->degraded(), HasSubstr("cut"));
}

TEST_F(Flow, GivesUpWhenTheCallerIsGone) {
  for (const std::size_t event : {1U, 2U}) {
    events_.clear();
    fail_at_event_ = event;
    search_.reply = clear_passage();
    EXPECT_EQ(ask_streaming(&llm_).error().code, Errc::unavailable);
    EXPECT_EQ(events_.size(), event);
    search_.reply = clear_faq();
    events_.clear();
    EXPECT_EQ(ask_streaming().error().code, Errc::unavailable);
    EXPECT_EQ(events_.size(), event);
  }
}

TEST_F(Flow, DoesNotBlameTheModelForACallerThatIsGone) {
  fail_at_event_ = 2;
  search_.reply = clear_passage();
  AnswerFlow flow = make(&llm_);
  const auto gone = [](const AskEvent&) -> Result<> { return fail(Errc::unavailable, "the caller is gone"); };
  EXPECT_FALSE(testing_run(flow.answer(context_, request_, gone)));
  EXPECT_EQ(flow.llm_failure(), "");
  EXPECT_THAT(exposed(), Not(ContainsRegex("kefu_answer_llm_errors_total\\{[^}]*\\} [1-9]")));
}

TEST_F(Flow, KeepsTimeBackToAnswerWithoutTheModel) {
  search_.reply = clear_passage();
  context_.deadline = Deadline::in(10s);
  options_.llm_reserve = 4s;
  ASSERT_TRUE(ask(&llm_));
  EXPECT_LE(llm_.time_given, 6s);
  options_.llm_timeout = 1s;
  ASSERT_TRUE(ask(&llm_));
  EXPECT_LE(llm_.time_given, 1s);
}

TEST_F(Flow, SearchesByWordsAloneWhenThereIsNoVector) {
  search_.reply = clear_faq();
  embedding_.reply = fail(Errc::unavailable, "nobody serves embedding");
  const auto answer = ask();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->decision(), kefu::v1::DECISION_FAQ) << "the same question needs no vector";
  EXPECT_THAT(answer->degraded(), HasSubstr("words alone"));
  EXPECT_EQ(search_.asked.at(0).vector(), "");
  EXPECT_THAT(exposed(), HasSubstr("kefu_answer_degraded_total{reason=\"no_vector\"} 1"));
}

TEST_F(Flow, LeavesTimeForTheSearchWhenTheEmbeddingServiceIsSilent) {
  context_.deadline = Deadline::in(2s);
  ASSERT_TRUE(ask());
  EXPECT_LE(embedding_.time_given, 1s);
  context_.deadline = Deadline::in(1min);
  ASSERT_TRUE(ask());
  EXPECT_LE(embedding_.time_given, options_.embed_timeout);
}

TEST_F(Flow, SearchesByWordsAloneForAQuestionThatIsTooLongForTheModel) {
  embedding_.reply = fail(Errc::invalid_argument, "texts[0]: the text has 601 tokens, the limit is 507");
  const auto answer = ask();
  ASSERT_TRUE(answer);
  EXPECT_THAT(answer->degraded(), HasSubstr("longer than the embedding model takes"));
  EXPECT_EQ(search_.asked.at(0).vector(), "");
  EXPECT_THAT(exposed(), HasSubstr("kefu_answer_degraded_total{reason=\"too_long_for_model\"} 1"));
}

TEST_F(Flow, RemembersWhatFailedUntilItWorksAgain) {
  AnswerFlow flow = make(&llm_);
  search_.reply = clear_passage();
  embedding_.reply = fail(Errc::unavailable, "no embedding");
  const auto working = llm_.end;
  llm_.pieces.clear();
  llm_.end = fail(Errc::overloaded, "later");
  ASSERT_TRUE(testing_run(flow.answer(context_, request_, {})));
  EXPECT_EQ(flow.embedding_failure(), "no embedding");
  EXPECT_EQ(flow.llm_failure(), "later");
  embedding_.reply = QuestionVector{};
  llm_.pieces = {"好"};
  llm_.end = working;
  ASSERT_TRUE(testing_run(flow.answer(context_, request_, {})));
  EXPECT_EQ(flow.embedding_failure(), "");
  EXPECT_EQ(flow.llm_failure(), "");
}

TEST_F(Flow, SaysSoWhenTheIndexCouldNotUseTheVector) {
  auto response = clear_faq();
  response.set_lexical_only(true);
  search_.reply = response;
  EXPECT_THAT(ask()->degraded(), HasSubstr("no vectors of the present model"));
}

TEST_F(Flow, CannotAnswerWithoutTheIndex) {
  search_.reply = fail(Errc::unavailable, "nobody serves search");
  EXPECT_EQ(ask(&llm_).error().code, Errc::unavailable);
}

TEST_F(Flow, RefusesBadRequestsBeforeItSpendsAnything) {
  const std::string long_question(options_.max_question_characters + 1, 'a');
  for (const std::string& question : {std::string(), std::string(" \t\n"), long_question}) {
    request_.set_question(question);
    EXPECT_EQ(ask().error().code, Errc::invalid_argument);
  }
  request_.set_question("q");
  request_.set_top_k(static_cast<std::uint32_t>(options_.max_top_k + 1));
  EXPECT_EQ(ask().error().code, Errc::invalid_argument);
  request_.set_top_k(0);
  request_.set_kb("elsewhere");
  EXPECT_EQ(ask().error().code, Errc::not_found);
  EXPECT_THAT(embedding_.asked, IsEmpty());
}

TEST_F(Flow, CountsCharactersOfTheQuestionRatherThanBytes) {
  std::string question;
  for (std::size_t i = 0; i < options_.max_question_characters; ++i) question += "退";
  request_.set_question(question);
  EXPECT_TRUE(ask());
}

TEST_F(Flow, LooksAtNoFewerPassagesThanADecisionNeeds) {
  request_.set_top_k(1);
  ASSERT_TRUE(ask());
  EXPECT_EQ(search_.asked.at(0).top_k(), options_.default_top_k);
  request_.set_top_k(20);
  ASSERT_TRUE(ask());
  EXPECT_EQ(search_.asked.at(1).top_k(), 20U);
}

TEST_F(Flow, ShowsTheModelAsManyPassagesAsTheRequestSays) {
  search_.reply =
      found({text_hit("运费", kPassage, 0.93F, 0.9F), text_hit("地址", "寄到杭州。", 0.9F, 0.1F)});
  request_.set_top_k(1);
  EXPECT_EQ(ask(&llm_)->sources_size(), 1);
  request_.set_top_k(0);
  EXPECT_EQ(ask(&llm_)->sources_size(), 2);
}

TEST_F(Flow, TimesEveryStage) {
  search_.reply = clear_passage();
  const auto answer = ask(&llm_);
  std::vector<std::string> stages;
  for (const auto& timing : answer->timings()) stages.push_back(timing.stage());
  EXPECT_THAT(stages, ElementsAre("prepare", "embed", "search", "decide", "generate"));
}

TEST_F(Flow, CountsDecisionsAndTokens) {
  search_.reply = clear_passage();
  ASSERT_TRUE(ask(&llm_));
  EXPECT_THAT(exposed(), HasSubstr("kefu_answer_questions_total{decision=\"generated\"} 1"));
  EXPECT_THAT(exposed(), HasSubstr("kefu_answer_questions_total{decision=\"refused\"} 0"));
  EXPECT_THAT(exposed(), HasSubstr("kefu_answer_tokens_total{kind=\"embedding\"} 9"));
  EXPECT_THAT(exposed(), HasSubstr("kefu_answer_tokens_total{kind=\"prompt\"} 200"));
}

TEST_F(Flow, LogsTheFeaturesOfADecisionWithoutTheQuestion) {
  search_.reply = clear_faq();
  ASSERT_TRUE(ask());
  for (const auto* const name : {"\"gap\"", "\"cosine\"", "\"coverage\"", "\"likeness\"", "\"confidence\""})
    EXPECT_THAT(logged_, HasSubstr(name));
  EXPECT_THAT(logged_, Not(HasSubstr("运费")));
}

TEST_F(Flow, RetrievesWithTheSameSteps) {
  search_.reply = clear_faq();
  kefu::v1::RetrieveRequest request;
  request.set_kb("shop");
  request.set_question("退货，运费谁出？");
  request.set_top_k(3);
  AnswerFlow flow = make(nullptr);
  const auto response = testing_run(flow.retrieve(context_, request));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->hits_size(), 1);
  EXPECT_EQ(response->usage().embedding_tokens(), 9U);
  EXPECT_FALSE(response->lexical_only());
  EXPECT_EQ(search_.asked.at(0).question(), "退货,运费谁出?");
  EXPECT_EQ(search_.asked.at(0).top_k(), 3U);
}

TEST_F(Flow, RetrievesByWordsAloneWhenThereIsNoVector) {
  embedding_.reply = fail(Errc::deadline_exceeded, "late");
  kefu::v1::RetrieveRequest request;
  request.set_kb("shop");
  request.set_question("q");
  AnswerFlow flow = make(nullptr);
  EXPECT_TRUE(testing_run(flow.retrieve(context_, request))->lexical_only());
}

}  // namespace
}  // namespace kefu::answer
