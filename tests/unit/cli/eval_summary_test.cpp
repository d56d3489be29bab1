#include "measure/eval_summary.hpp"

#include "measure/eval_failures.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace kefu::cli {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

EvalQuestion answerable(std::vector<std::string> answers) {
  return {.question = "q", .answers = std::move(answers), .answerable = true};
}
const EvalQuestion kUnanswerable{.question = "u", .answerable = false};

AskOutcome answer(std::string text, std::string decision = "faq") {
  return {.answer = std::move(text), .decision = std::move(decision), .time = 2ms};
}

TEST(AskSummary, CountsWhatWasContainedRefusedAndAnsweredWrongly) {
  AskSummary ask;
  ask.add(answerable({"7 天"}), answer("7天内可退"));
  ask.add(answerable({"7 天"}), answer("15 天内"));
  ask.add(answerable({"7 天"}), answer("不知道", "refused"));
  ask.add(answerable({"7 天"}), {.error = "no answer in time"});
  ask.add(kUnanswerable, answer("...", "extracted"));
  ask.add(kUnanswerable, answer("不知道", "refused"));
  ask.add({.question = "only timed"}, answer("x"));
  EXPECT_EQ(ask.questions, 7U);
  EXPECT_DOUBLE_EQ(*ask.contained.value(), 0.25);
  EXPECT_DOUBLE_EQ(*ask.refused_answerable.value(), 0.25);
  EXPECT_DOUBLE_EQ(*ask.answered_unanswerable.value(), 0.5);
  EXPECT_EQ(ask.errors, 1U);
  EXPECT_EQ(ask.latencies.count(), 6U);
  EXPECT_EQ(ask.decisions.at("refused"), 2U);
}

TEST(SearchSummary, TakesASearchThatFailedForOneThatFoundNothing) {
  SearchSummary search;
  const EvalQuestion question{.question = "q", .documents = {"a"}};
  search.add(question, {.documents = {"a"}, .time = 1ms});
  search.add(question, {.error = "timeout", .time = 1ms});
  EXPECT_DOUBLE_EQ(search.ranking.recall(1), 0.5);
  EXPECT_EQ(search.errors, 1U);
  EXPECT_EQ(search.latencies.count(), 1U);
}

TEST(Gates, HoldOnTheirSideOfTheLimitAndNeverWithoutAMeasurement) {
  EvalSummary summary;
  summary.search.emplace();
  const EvalQuestion question{.question = "q", .documents = {"a"}};
  summary.search->add(question, {.documents = {"a"}, .time = 5ms});
  summary.search->add(question, {.documents = {"b"}, .time = 5ms});
  const auto gates = gates_json(
      summary,
      {{"--min-recall-1", 0.5}, {"--min-recall-5", 0.51}, {"--max-search-p99", 5}, {"--max-refused", 1}});
  ASSERT_EQ(gates.size(), 4U);
  EXPECT_EQ(gates[0],
            (nlohmann::json{{"gate", "min-recall-1"}, {"limit", 0.5}, {"value", 0.5}, {"passed", true}}));
  EXPECT_FALSE(gates[1]["passed"]);
  EXPECT_FALSE(gates[2]["passed"]);
  EXPECT_TRUE(gates[2]["value"].is_null());
  EXPECT_TRUE(gates[3]["passed"]);
}

TEST(EvalSummary, IsJsonWithNullForWhatWasNotMeasured) {
  EvalSummary summary;
  summary.search.emplace();
  summary.ask.emplace();
  const auto json = summary_json(summary);
  EXPECT_TRUE(json["search"]["recall_at_1"].is_null());
  EXPECT_TRUE(json["ask"]["containment"]["rate"].is_null());
  EXPECT_EQ(json["ask"]["questions"], 0);
}

TEST(EvalSummary, IsATableForPeople) {
  EvalSummary summary;
  summary.search.emplace();
  summary.search->add({.question = "q", .documents = {"a"}}, {.documents = {"b", "a"}, .time = 5ms});
  summary.ask.emplace();
  summary.ask->add(answerable({"x"}), answer("x"));
  EXPECT_THAT(summary_lines(summary),
              ElementsAre("searched   1  (those that name documents)", "Recall@1   0.0000",
                          "Recall@5   1.0000", "MRR@10     0.5000", "nDCG@10    0.6309",
                          "latency    p50 5.00 ms, p90 5.00 ms, p99 5.00 ms, max 5.00 ms", "", "asked      1",
                          "contained  1.0000  (1 of 1 answers hold an expected text)",
                          "refused    0.0000  (0 of 1 answerable)", "decisions  faq 1",
                          "latency    p50 2.00 ms, p90 2.00 ms, p99 2.00 ms, max 2.00 ms"));
}

TEST(EvalFailures, SayWhatWasExpectedAndFound) {
  const EvalQuestion question{.line = 7, .question = "运费?", .documents = {"R03"}};
  EXPECT_FALSE(search_failure(question, {.documents = {"R03", "x"}}));
  const auto second = search_failure(question, {.documents = {"x", "R03"}});
  ASSERT_TRUE(second);
  EXPECT_THAT(failure_lines(*second),
              ElementsAre("line 7: 运费?", "  the first expected document stands at 2", "  expected  R03",
                          "  found     x · R03"));
  EXPECT_EQ(search_failure(question, {})->reason, "no expected document was found");
  EXPECT_EQ(search_failure(question, {.error = "down"})->reason, "the search failed: down");
}

TEST(EvalFailures, OfAnswersAreRefusalsWrongAnswersAndErrors) {
  EXPECT_FALSE(ask_failure(answerable({"x"}), answer("it is X")));
  EXPECT_EQ(ask_failure(answerable({"x"}), answer("y"))->reason, "the answer holds no expected text");
  EXPECT_EQ(ask_failure(answerable({}), answer("", "refused"))->reason, "it is answerable, but was refused");
  EXPECT_EQ(ask_failure(kUnanswerable, answer("y"))->reason, "it is not answerable, but was answered");
  EXPECT_FALSE(ask_failure(kUnanswerable, answer("", "refused")));
  EXPECT_EQ(ask_failure(kUnanswerable, {.error = "late"})->reason, "the question failed: late");
  EXPECT_EQ(failure_json(*ask_failure(kUnanswerable, answer("y")))["found"][0], "y");
}

}  // namespace
}  // namespace kefu::cli
