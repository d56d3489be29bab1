#include "command_harness.hpp"

#include <gmock/gmock.h>

#include <csignal>

namespace kefu::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr const char* kQuestions =
    R"({"question":"运费谁出?","documents":["R03"],"answers":["买家"],"answerable":true}
{"question":"几点开门?","documents":["R03","R09"],"answers":["8:00"]}
{"question":"明天天气?","answerable":false}
{"question":"会涨价吗?","answerable":false}
)";

TEST_F(Command, EvalMeasuresSearchAndAnswers) {
  EXPECT_EQ(kefu({"eval", "--kb", "shop", "--json", file("q.jsonl", kQuestions)}), 0) << output_;
  const auto result = json();
  EXPECT_EQ(result["search"]["questions"], 2);
  EXPECT_EQ(result["search"]["recall_at_1"], 0.5);
  EXPECT_EQ(result["search"]["recall_at_5"], 1);
  EXPECT_EQ(result["search"]["mrr_at_10"], 0.75);
  EXPECT_EQ(result["ask"]["questions"], 4);
  EXPECT_EQ(result["ask"]["containment"]["rate"], 0.5);
  EXPECT_EQ(result["ask"]["answerable"]["refused"], 0);
  EXPECT_EQ(result["ask"]["unanswerable"]["answered"], 1);
  EXPECT_EQ(result["ask"]["decisions"], (nlohmann::json{{"faq", 3}, {"refused", 1}}));
  EXPECT_GT(result["search"]["latency_ms"]["p50"], 0);
}

TEST_F(Command, EvalListsWhatFailed) {
  EXPECT_EQ(kefu({"eval", "--kb", "shop", "--failures", file("q.jsonl", kQuestions)}), 0);
  EXPECT_THAT(output_, AllOf(HasSubstr("Recall@1   0.5000"), HasSubstr("contained  0.5000  (1 of 2")));
  EXPECT_THAT(output_, HasSubstr("line 2: 几点开门?\n  the first expected document stands at 2\n"
                                 "  expected  R03 · R09\n  found     R01 · R03\n"));
  EXPECT_THAT(output_, HasSubstr("line 4: 会涨价吗?\n  it is not answerable, but was answered\n"));
}

TEST_F(Command, EvalFailsWhereALimitDoesNotHold) {
  const std::string questions = file("q.jsonl", kQuestions);
  EXPECT_EQ(kefu({"eval", "--kb", "shop", questions, "--search-only", "--min-recall-1", "0.5"}), 0)
      << output_;
  EXPECT_EQ(kefu({"eval", "--kb", "shop", questions, "--search-only", "--min-recall-1", "0.6"}), 1);
  EXPECT_THAT(output_, HasSubstr("kefu: --min-recall-1 0.6 does not hold: 0.5\n"));
  EXPECT_EQ(kefu({"eval", "--kb", "shop", questions, "--ask-only", "--min-recall-1", "0"}), 1);
  EXPECT_THAT(output_, HasSubstr("--min-recall-1 0 does not hold: nothing was measured"));
}

TEST_F(Command, EvalTakesTheFirstQuestionsOnly) {
  EXPECT_EQ(kefu({"eval", "--kb", "shop", "--limit", "1", "--json", file("q.jsonl", kQuestions)}), 0);
  EXPECT_EQ(json()["ask"]["questions"], 1);
}

TEST_F(Command, EvalNamesBadLinesAndSendsNothing) {
  const std::string questions = file("q.jsonl", "{\"question\":\"a\"}\n{\"question\":1}\nx\n");
  EXPECT_EQ(kefu({"eval", "--kb", "shop", questions}), 2);
  EXPECT_EQ(output_, "kefu: " + questions + ", line 2: field \"question\" must be a string\nkefu: " +
                         questions + ", line 3: the line is not a JSON object\n");
  EXPECT_EQ(kefu({"eval", "--kb", "shop", file("none.jsonl", "\n")}), 2);
  EXPECT_THAT(output_, HasSubstr("holds no question"));
  EXPECT_EQ(services_.questions, 0U);
}

TEST_F(Command, EvalTriesAgainWhatMayPassAndBenchCountsIt) {
  services_.refusals = 2;
  EXPECT_EQ(kefu({"eval", "--kb", "shop", "--ask-only", "--concurrency", "1", "--json",
                  file("q.jsonl", kQuestions)}),
            0)
      << output_;
  EXPECT_EQ(json()["ask"]["errors"], 0);
  EXPECT_EQ(services_.questions, 6U);
  services_.refusals = 1;
  EXPECT_EQ(kefu({"bench", "--kb", "shop", "q", "--rate", "50", "--duration", "100ms", "--json"}), 1);
  EXPECT_EQ(json()["errors"], (nlohmann::json{{"503 overloaded", 1}}));
}

TEST_F(Command, EvalEndsAtAnErrorThatConcernsAllQuestions) {
  EXPECT_EQ(kefu({"eval", "--kb", "nothing", file("q.jsonl", kQuestions)}), 1);
  EXPECT_THAT(output_, ::testing::MatchesRegex(
                           "kefu: there is no knowledge base \"nothing\" \\(request [0-9a-f]+\\)\n"));
}

TEST_F(Command, BenchSendsAtARateOrAsFastAsItsConnectionsGo) {
  EXPECT_EQ(kefu({"bench", "--kb", "shop", "运费谁出?", "--rate", "50", "--duration", "200ms", "--json"}), 0)
      << output_;
  EXPECT_EQ(json()["sent"], 10);
  EXPECT_EQ(json()["succeeded"], 10);
  EXPECT_EQ(kefu({"bench", "--kb", "shop", "--operation", "search", "--questions", file("q.txt", "a\nb\n"),
                  "--connections", "2", "--duration", "200ms"}),
            0)
      << output_;
  EXPECT_THAT(output_,
              AllOf(HasSubstr("load       search, 2 at a time"), HasSubstr("p99.9"), HasSubstr("█")));
}

TEST_F(Command, BenchCountsErrorsByStatusAndCode) {
  EXPECT_EQ(kefu({"bench", "--kb", "nothing", "q", "--rate", "50", "--duration", "100ms", "--json"}), 1);
  EXPECT_EQ(json()["errors"], (nlohmann::json{{"404 not_found", 5}}));
  EXPECT_EQ(json()["latency_ms"]["p50"], 0);
}

TEST_F(Command, BenchInterruptedTellsWhatItMeasured) {
  auto process = start({"bench", "--kb", "shop", "q", "--duration", "10m", "--json"});
  ASSERT_TRUE(gateway::eventually([&] { return services_.questions >= 2; }));
  process.signal(SIGINT);
  EXPECT_EQ(finish(std::move(process)), 0);
  EXPECT_GE(json()["succeeded"], 1);
}

TEST_F(Command, BenchNeedsExactlyOneSourceOfQuestions) {
  EXPECT_EQ(kefu({"bench", "--kb", "shop"}), 2);
  EXPECT_EQ(kefu({"bench", "--kb", "shop", "q", "--questions", "f"}), 2);
  EXPECT_EQ(kefu({"bench", "--kb", "shop", "q", "--rate", "5", "--connections", "2"}), 2);
  EXPECT_EQ(kefu({"bench", "--kb", "shop", "q", "--duration", "2h"}), 2);
  EXPECT_EQ(kefu({"bench", "--kb", "shop", "--questions", "/nowhere"}), 2);
}

}  // namespace
}  // namespace kefu::cli
