#include "command_harness.hpp"

#include <gmock/gmock.h>

namespace kefu::cli {
namespace {

using ::testing::HasSubstr;

class UsageCommand : public Command {
 protected:
  void count() {
    const usage::Day today = usage::day_of(std::chrono::system_clock::now());
    usage::DayCounts counts(today, "r1");
    counts.add({"商店", "k1"}, "bge", {500'000, 500'000}, {.embedding = 2'000'000, .saved = 1'000});
    counts.add({"", "k2"}, "bge", {500'000, 500'000}, {.embedding = 10});
    gateway_.add_usage(counts, "r1");
  }
};

TEST_F(UsageCommand, PrintsTokensAndMoney) {
  count();
  EXPECT_EQ(kefu({"usage"}), 0) << output_;
  EXPECT_THAT(output_, HasSubstr("knowledge base  tokens spent  tokens saved  CNY spent  CNY saved"));
  EXPECT_THAT(output_, HasSubstr("商店               2,000,000         1,000       1.00     0.0005"));
  EXPECT_THAT(output_, HasSubstr("total              2,000,010         1,000   1.000005     0.0005"));
  EXPECT_EQ(kefu({"usage", "--by", "day", "--by", "model", "--kb", "商店", "--json"}), 0) << output_;
  ASSERT_EQ(json()["rows"].size(), 1U);
  EXPECT_EQ(json()["rows"][0]["model"], "bge");
  EXPECT_EQ(kefu({"usage", "--from", "yesterday"}), 1);
  EXPECT_THAT(output_, HasSubstr("2026-11-25"));
  EXPECT_EQ(kefu({"usage", "--by", "customer"}), 2);
}

TEST_F(UsageCommand, SetsListsAndRemovesBudgets) {
  count();
  gateway_.add_knowledge_base("商店", "i1");
  EXPECT_EQ(kefu({"budget", "list"}), 0);
  EXPECT_THAT(output_, HasSubstr("no budget yet"));
  EXPECT_EQ(kefu({"budget", "set", "--kb", "商店", "--tokens-per-day", "1000000", "--money-per-month", "2"}),
            0)
      << output_;
  EXPECT_EQ(output_, "set the budget of kb 商店\n");
  EXPECT_EQ(kefu({"budget", "set", "--each-key", "--money-per-day", "5.5"}), 0) << output_;
  EXPECT_EQ(kefu({"budget", "list"}), 0) << output_;
  EXPECT_THAT(output_, HasSubstr("kb 商店       2,000,000 of 1,000,000 tokens  1.00 of 2.00 CNY  used up"));
  EXPECT_THAT(output_, HasSubstr("each API key  5.50 CNY"));
  EXPECT_EQ(kefu({"budget", "remove", "--kb", "商店"}), 0) << output_;
  EXPECT_EQ(kefu({"budget", "remove", "--kb", "商店"}), 1);
  EXPECT_EQ(kefu({"budget", "set", "--tokens-per-day", "5"}), 2);
  EXPECT_EQ(kefu({"budget", "set", "--kb", "a", "--each-kb", "--tokens-per-day", "5"}), 2);
  EXPECT_EQ(kefu({"budget", "set", "--each-kb"}), 1);
  EXPECT_EQ(kefu({"budget", "set", "--each-kb", "--tokens-per-day", "many"}), 2);
}

}  // namespace
}  // namespace kefu::cli
