#include <kefu/usage/calendar.hpp>
#include <kefu/usage/counts.hpp>
#include <kefu/usage/totals.hpp>

#include <gtest/gtest.h>

#include <limits>

namespace kefu::usage {
namespace {

using namespace std::chrono_literals;
using kefu::v1::Budget;

const Day kDay = std::chrono::year(2026) / 11 / 30;
constexpr Price kPrice{500'000, 2'000'000};

TEST(Calendar, KnowsWhereDaysAndMonthsBegin) {
  EXPECT_EQ(day_of(Day(kDay) + 23h + 59min), kDay);
  EXPECT_EQ(day_of(Day(kDay) + 24h), kDay + std::chrono::days(1));
  EXPECT_EQ(day_text(first_of_month(kDay)), "2026-11-01");
  EXPECT_EQ(day_text(first_of_next_month(kDay)), "2026-12-01");
  EXPECT_EQ(day_text(first_of_next_month(*parse_day("2026-12-31"))), "2027-01-01");
  EXPECT_EQ(day_key(kDay), "20261130");
}

TEST(Calendar, ReadsDaysThatExist) {
  EXPECT_EQ(parse_day("2026-11-30"), kDay);
  EXPECT_TRUE(parse_day("2028-02-29"));
  for (const char* wrong : {"", "2026-02-29", "2026-13-01", "2026-11-31", "2026-1-1", "2026/11/30",
                            "20261130", "2026-11-30T00:00:00Z", "abcd-ef-gh"}) {
    EXPECT_EQ(parse_day(wrong).error().code, Errc::invalid_argument) << wrong;
  }
}

TEST(DayCounts, AddsUpWhatBelongsTogether) {
  DayCounts day(kDay, "r1");
  day.add({"shop", "k1"}, "bge", kPrice, {.embedding = 10, .saved = 5});
  day.add({"shop", "k1"}, "bge", kPrice, {.embedding = 7});
  day.add({"shop", "k1"}, "qwen", kPrice, {.prompt = 100, .completion = 20});
  day.add({"", "k2"}, "bge", kPrice, {.saved = 3});
  const auto record = day.record();
  EXPECT_EQ(record.replica(), "r1");
  EXPECT_EQ(Day(std::chrono::days(record.day())), kDay);
  const auto counts = counts_of(record);
  ASSERT_EQ(counts.size(), 3U);
  EXPECT_EQ(counts[0].payer, (Payer{"", "k2"}));
  EXPECT_EQ(counts[1].tokens, (Tokens{.embedding = 17, .saved = 5}));
  EXPECT_EQ(counts[2].model, "qwen");
  EXPECT_EQ(cost(counts[2].tokens, counts[2].price).text(), "0.00009");
  EXPECT_EQ(saving({.saved = 2'000'000}, kPrice).text(), "1.00");
}

TEST(DayCounts, KeepsTokensOfTwoPricesApart) {
  DayCounts day(kDay, "r1");
  day.add({"shop", ""}, "bge", {500'000, 0}, {.embedding = 1'000'000});
  day.add({"shop", ""}, "bge", {250'000, 0}, {.embedding = 1'000'000});
  Money sum;
  for (const Count& count : counts_of(day.record())) sum += cost(count.tokens, count.price);
  EXPECT_EQ(sum.text(), "0.75");
}

TEST(DayCounts, CountsFurtherKeysAndThenKnowledgeBasesTogetherWhenThereAreTooMany) {
  DayCounts day(kDay, "r1", 2000);
  for (int i = 0; i < 100; ++i) day.add({"shop", "key" + std::to_string(i)}, "m", kPrice, {.embedding = 1});
  for (int i = 0; i < 100; ++i) day.add({"kb" + std::to_string(i), "key"}, "m", kPrice, {.embedding = 1});
  const auto counts = counts_of(day.record());
  EXPECT_LT(counts.size(), 60U);
  std::uint64_t all = 0;
  std::uint64_t of_shop = 0;
  std::uint64_t others = 0;
  for (const Count& count : counts) {
    all += count.tokens.embedding;
    if (count.payer.kb == "shop") of_shop += count.tokens.embedding;
    if (count.payer.kb == kOther) others += count.tokens.embedding;
  }
  EXPECT_EQ(all, 200U);
  EXPECT_EQ(of_shop, 100U) << "its budget is kept whatever the number of its keys";
  EXPECT_GT(others, 0U);
}

TEST(DayCounts, StaysAtTheLargestNumber) {
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  Tokens tokens{.embedding = kMost - 1};
  tokens += {.embedding = 5};
  EXPECT_EQ(tokens.embedding, kMost);
  EXPECT_EQ((Tokens{.embedding = kMost, .prompt = 1}.spent()), kMost);
}

TEST(DayCounts, LeavesOutALineThatNamesNoModel) {
  kefu::v1::UsageRecord record;
  record.add_counts()->set_model(3);
  EXPECT_TRUE(counts_of(record).empty());
}

TEST(Totals, CountDaysOfKnowledgeBasesAndKeys) {
  Totals totals;
  totals.add(kDay, {"shop", "k"}, {10, Money::of_micros(10)});
  totals.add(kDay - std::chrono::days(1), {"shop", ""}, {5, Money::of_micros(5)});
  totals.add(kDay, {"", "k"}, {1, Money::of_micros(1)});
  EXPECT_EQ(totals.of(Budget::SCOPE_KB, "shop", kDay, kDay).tokens, 10U);
  EXPECT_EQ(totals.of(Budget::SCOPE_KB, "shop", first_of_month(kDay), kDay).tokens, 15U);
  EXPECT_EQ(totals.of(Budget::SCOPE_KEY, "k", kDay, kDay).money, Money::of_micros(11));
  EXPECT_EQ(totals.names(Budget::SCOPE_KB), (std::set<std::string>{"shop"}));
  totals.remove(kDay, {"shop", "k"}, {10, Money::of_micros(10)});
  EXPECT_EQ(totals.of(Budget::SCOPE_KEY, "k", kDay, kDay).tokens, 1U);
  totals.forget_before(kDay);
  EXPECT_EQ(totals.of(Budget::SCOPE_KB, "shop", first_of_month(kDay), kDay).tokens, 0U);
}

}  // namespace
}  // namespace kefu::usage
