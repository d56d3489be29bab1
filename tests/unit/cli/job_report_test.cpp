#include "commands/ask.hpp"
#include "job_follower.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace kefu::cli {
namespace {

using nlohmann::json;

class Report : public ::testing::Test {
 protected:
  std::ostringstream out_;
  std::ostringstream err_;
  Console console_{out_, err_, 0, false};
};

TEST_F(Report, OfAJobHasCountsTokensAndWhatWasRejected) {
  const json job{
      {"state", "done"},
      {"stages", {{"indexed", {{"done", 1046}, {"total", 1046}}}}},
      {"rejected",
       {{{"file", "faq.csv"}, {"row", 7}, {"field", "answer"}, {"reason", "the answer is missing"}}}},
      {"rejected_total", 3},
      {"usage", {{"embedding_tokens", 12345}, {"saved_tokens", 6}}}};
  EXPECT_TRUE(report_job(job, "faq.csv", console_));
  EXPECT_EQ(out_.str(),
            "faq.csv: done, 1,046 passages, 12,345 tokens spent, 6 saved, 3 rejected\n"
            "  rejected: row 7, answer: the answer is missing\n"
            "  and 2 more rejected\n");
}

TEST_F(Report, OfAFailedJobSaysWhy) {
  EXPECT_FALSE(report_job({{"state", "failed"}, {"error", "not a text"}}, "a.txt", console_));
  EXPECT_EQ(out_.str(), "a.txt: failed: not a text\n");
}

TEST_F(Report, OfAnAnswerSaysWhatItWasMadeOf) {
  print_account(
      {{"decision", "faq"},
       {"confidence", 0.931},
       {"sources",
        {{{"document", "shipping"}, {"filename", "faq.csv"}, {"title", "运费谁出?"}, {"score", 0.91}}}},
       {"usage", {{"embedding_tokens", 12}, {"saved_tokens", 0}}},
       {"timings", {{"embed", 5.02}, {"total", 6.5}}},
       {"degraded", "searched by words alone"}},
      console_);
  EXPECT_EQ(out_.str(),
            "decision    faq (confidence 0.93)\n"
            "source 1    faq.csv · shipping · 运费谁出? (score 0.91)\n"
            "time        6.5 ms (embed 5.0)\n"
            "tokens      12 embedding, 0 prompt, 0 completion; 0 saved\n"
            "note        searched by words alone\n");
}

TEST_F(Report, DrawsNoBarWithoutATerminal) {
  console_.progress("faq.csv", 0.5, "embedded 1/2");
  console_.clear_progress();
  EXPECT_EQ(err_.str(), "");
}

TEST(Console, DrawsABarOverTheOneBefore) {
  std::ostringstream out;
  std::ostringstream err;
  Console console(out, err, 80, false);
  console.progress("faq.csv", 0.5, "embedded 1/2");
  EXPECT_EQ(err.str(), "\rfaq.csv          [############............] embedded 1/2\x1b[K");
  console.line("done");
  EXPECT_TRUE(err.str().ends_with("\r\x1b[K"));
  EXPECT_EQ(out.str(), "done\n");
}

TEST(Console, DrawsSeveralBarsOverThoseBefore) {
  std::ostringstream out;
  std::ostringstream err;
  Console console(out, err, 80, false);
  const std::vector<Bar> bars{{"a", 0, "0/2"}, {"b", 1, "2/2"}};
  console.progress(bars);
  const std::string first = err.str();
  EXPECT_EQ(first,
            "\ra                [........................] 0/2\x1b[K\n"
            "\rb                [########################] 2/2\x1b[K");
  console.progress(bars);
  EXPECT_EQ(err.str(), first + "\x1b[1A" + first);
  console.clear_progress();
  EXPECT_TRUE(err.str().ends_with("\r\x1b[K\x1b[A\r\x1b[K"));
}

TEST(StageBars, HaveTheDocumentBesideTheFirst) {
  const auto bars = stage_bars({{"stages", {{"embedded", {{"done", 50}, {"total", 100}}}}}}, "手册.md");
  ASSERT_EQ(bars.size(), 3U);
  EXPECT_EQ(bars[0].label, "手册.md  extracted");
  EXPECT_EQ(bars[1].label, "         embedded ");
  EXPECT_DOUBLE_EQ(bars[1].fraction, 0.5);
  EXPECT_EQ(bars[1].note, "50/100");
}

TEST_F(Report, OfACancelledJobSaysSo) {
  EXPECT_FALSE(
      report_job({{"state", "failed"}, {"cancelled", true}, {"error", "cancelled"}}, "a.txt", console_));
  EXPECT_EQ(out_.str(), "a.txt: cancelled\n");
}

}  // namespace
}  // namespace kefu::cli
