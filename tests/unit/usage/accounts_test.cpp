#include "usage_bed.hpp"

#include <kefu/testing/poll.hpp>

namespace kefu::usage {
namespace {

using namespace std::chrono_literals;
using kefu::v1::Budget;

constexpr auto kModel = "bge";

/// One replica of a service.
class Replica {
 public:
  Replica(asio::io_context& io, bus::KeyValueBucket& usage, bus::KeyValueBucket& budgets, std::string name,
          const std::chrono::system_clock::time_point& now, const telemetry::Logger& log)
      : io_(io),
        accounts_(io.get_executor(), usage, budgets,
                  {.replica = std::move(name),
                   .prices = *Prices::parse("bge=1000000"),  // a token costs 1
                   .now = [&now] { return now; },
                   .write_interval = 5ms},
                  metrics, log),
        tasks_(io.get_executor(), [](std::exception_ptr e) { std::rethrow_exception(std::move(e)); }) {
    accounts_.start(tasks_);
    kefu::testing::run_task(io_, accounts_.wait_complete(Deadline::in(1min)));
  }
  ~Replica() { stop(); }
  void stop() {
    accounts_.stop();
    kefu::testing::run_task(io_, tasks_.join());
  }
  Accounts* operator->() { return &accounts_; }

  telemetry::Metrics metrics;

 private:
  asio::io_context& io_;
  Accounts accounts_;
  TaskGroup tasks_;
};

class AccountsTest : public testing::UsageTest {
 protected:
  std::unique_ptr<Replica> replica(const std::string& name) {
    return std::make_unique<Replica>(io, *usage, *budgets, name, now, log);
  }
  void set(const Budget& budget) {
    Budgets writer(*budgets);
    EXPECT_TRUE(run(writer.put(budget, Deadline::in(1min))));
  }
  static Budget budget(Budget::Scope scope, const std::string& name) {
    Budget budget;
    budget.set_scope(scope);
    budget.set_name(name);
    budget.set_soft_percent(80);
    return budget;
  }
  static Errc refusal(Replica& replica, const Payer& payer) {
    const auto allowed = replica->may_spend(payer);
    return allowed ? Errc::internal : allowed.error().code;
  }
  bool is_refused(Replica& replica, const Payer& payer) {
    return eventually([&] { return refusal(replica, payer) == Errc::budget_exhausted; });
  }
  bool is_free(Replica& replica, const Payer& payer) {
    return eventually([&] { return replica->may_spend(payer).has_value(); });
  }
  /// Today, by the replica r1.
  bool becomes_written(std::uint64_t tokens) {
    return kefu::testing::eventually(io, [&] {
      const auto entry = run(usage->get(day_key(day_of(now)) + ".r1", Deadline::in(1min)));
      kefu::v1::UsageRecord record;
      return entry && record.ParseFromString(entry->value) && record.counts_size() == 1 &&
             record.counts(0).usage().embedding_tokens() == tokens;
    });
  }
  std::size_t lines_with(const std::string& text) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(lines, [&](const std::string& line) { return line.contains(text); }));
  }
};

TEST_F(AccountsTest, AllowEverythingWhereThereIsNoBudget) {
  const auto one = replica("r1");
  (*one)->book({"shop", "k"}, kModel, {.embedding = 1'000'000'000});
  EXPECT_TRUE((*one)->may_spend({"shop", "k"}));
}

TEST_F(AccountsTest, RefuseAtTheHardLimitAndNameTheBudget) {
  auto shop = budget(Budget::SCOPE_KB, "shop");
  shop.set_tokens_per_day(100);
  set(shop);
  const auto one = replica("r1");
  (*one)->book({"shop", "k"}, kModel, {.embedding = 99, .saved = 1000});
  EXPECT_TRUE((*one)->may_spend({"shop", "k"})) << "what is saved costs nothing";
  (*one)->book({"shop", "k"}, kModel, {.embedding = 1});
  const auto allowed = (*one)->may_spend({"shop", "another"});
  ASSERT_FALSE(allowed);
  EXPECT_EQ(allowed.error().code, Errc::budget_exhausted);
  EXPECT_EQ(
      allowed.error().message,
      "the budget of knowledge base \"shop\" for this day is used up; a new one begins on 2026-11-30 at "
      "00:00 UTC");
  EXPECT_TRUE((*one)->may_spend({"other-shop", "k"}));
}

TEST_F(AccountsTest, BudgetsOfMoneyAndOfKeysCountLikewise) {
  auto key = budget(Budget::SCOPE_KEY, "k1");
  key.set_money_per_month_micros(10'000'000);
  set(key);
  const auto one = replica("r1");
  (*one)->book({"a", "k1"}, kModel, {.prompt = 6, .completion = 3});
  EXPECT_TRUE((*one)->may_spend({"b", "k1"}));
  (*one)->book({"", "k1"}, kModel, {.embedding = 1});
  const auto allowed = (*one)->may_spend({"b", "k1"});
  ASSERT_FALSE(allowed);
  EXPECT_EQ(
      allowed.error().message,
      "the budget of API key k1 for this month is used up; a new one begins on 2026-12-01 at 00:00 UTC");
}

TEST_F(AccountsTest, ABudgetForEachHoldsForThoseWithoutTheirOwn) {
  auto each = budget(Budget::SCOPE_KB, std::string(kEach));
  each.set_tokens_per_day(10);
  set(each);
  auto shop = budget(Budget::SCOPE_KB, "shop");
  shop.set_tokens_per_day(1000);
  set(shop);
  const auto one = replica("r1");
  for (const char* kb : {"shop", "mine", ""}) (*one)->book({kb, ""}, kModel, {.embedding = 10});
  EXPECT_TRUE((*one)->may_spend({"shop", ""}));
  EXPECT_TRUE((*one)->may_spend({"", ""})) << "what belongs to no knowledge base has no budget of one";
  EXPECT_FALSE((*one)->may_spend({"mine", ""}));
}

TEST_F(AccountsTest, ABudgetOfNothingAllowsNothing) {
  auto shop = budget(Budget::SCOPE_KB, "shop");
  shop.set_tokens_per_day(0);
  set(shop);
  EXPECT_TRUE(is_refused(*replica("r1"), {"shop", ""}));
}

TEST_F(AccountsTest, ReplicasSumUp) {
  auto shop = budget(Budget::SCOPE_KB, "shop");
  shop.set_tokens_per_day(100);
  set(shop);
  const auto one = replica("r1");
  const auto two = replica("r2");
  (*one)->book({"shop", ""}, kModel, {.embedding = 60});
  (*two)->book({"shop", ""}, kModel, {.embedding = 60});
  EXPECT_TRUE(is_refused(*one, {"shop", ""}));
  EXPECT_TRUE(is_refused(*two, {"shop", ""}));
}

TEST_F(AccountsTest, AProcessThatStopsLeavesItsCountsToTheNext) {
  auto shop = budget(Budget::SCOPE_KB, "shop");
  shop.set_tokens_per_month(100);
  set(shop);
  replica("r1")->operator->()->book({"shop", ""}, kModel, {.embedding = 100});
  const auto next = replica("r2");
  EXPECT_FALSE((*next)->may_spend({"shop", ""}));
}

TEST_F(AccountsTest, TheNextDayAndTheNextMonthBeginAnew) {
  auto shop = budget(Budget::SCOPE_KB, "shop");
  shop.set_tokens_per_day(100);
  shop.set_tokens_per_month(150);
  set(shop);
  const auto one = replica("r1");
  const auto two = replica("r2");
  (*two)->book({"shop", ""}, kModel, {.embedding = 100});
  EXPECT_TRUE(is_refused(*one, {"shop", ""}));
  now += 24h;  // 30 November
  EXPECT_TRUE((*one)->may_spend({"shop", ""}));
  (*one)->book({"shop", ""}, kModel, {.embedding = 50});
  EXPECT_FALSE((*one)->may_spend({"shop", ""})) << "of the day half is left, of the month nothing";
  now += 24h;  // 1 December
  EXPECT_TRUE(is_free(*one, {"shop", ""}));
  EXPECT_TRUE(is_free(*two, {"shop", ""}));
}

TEST_F(AccountsTest, AClockThatIsSetBackToYesterdayLosesNothing) {
  const auto one = replica("r1");
  (*one)->book({"shop", ""}, kModel, {.embedding = 100});
  EXPECT_TRUE(becomes_written(100));
  now += 24h;
  (*one)->book({"shop", ""}, kModel, {.embedding = 10});
  EXPECT_TRUE(becomes_written(10));
  now -= 24h;
  (*one)->book({"shop", ""}, kModel, {.embedding = 1});
  EXPECT_TRUE(becomes_written(101));
}

TEST_F(AccountsTest, WhatIsNotKeptApartIsInNobodysBudget) {
  auto each = budget(Budget::SCOPE_KB, std::string(kEach));
  each.set_tokens_per_day(10);
  set(each);
  const auto one = replica("r1");
  (*one)->book({std::string(kOther), std::string(kOther)}, kModel, {.embedding = 100});
  (*one)->book({"shop", ""}, kModel, {.embedding = 100});
  EXPECT_TRUE(eventually([&] { return lines_with("a budget is used up") > 0; }));
  EXPECT_TRUE(one->metrics.expose().contains("kefu_usage_budgets{state=\"used_up\"} 1"));
}

TEST_F(AccountsTest, ARaisedBudgetIsOpenAtOnceAndEachCrossingIsToldOnce) {
  auto shop = budget(Budget::SCOPE_KB, "shop");
  shop.set_tokens_per_day(100);
  set(shop);
  const auto one = replica("r1");
  (*one)->book({"shop", ""}, kModel, {.embedding = 80});
  EXPECT_TRUE(eventually([&] { return lines_with("a budget is near its end") > 0; }));
  EXPECT_TRUE((*one)->may_spend({"shop", ""}));
  (*one)->book({"shop", ""}, kModel, {.embedding = 40});
  EXPECT_TRUE(eventually([&] { return lines_with("a budget is used up") > 0; }));
  EXPECT_TRUE(one->metrics.expose().contains("kefu_usage_budgets{state=\"used_up\"} 1"));
  shop.set_tokens_per_day(1000);
  set(shop);
  EXPECT_TRUE(is_free(*one, {"shop", ""}));
  EXPECT_TRUE(eventually([&] { return lines_with("a budget is open again") > 0; }));
  EXPECT_EQ(lines_with("a budget is near its end"), 1U);
  EXPECT_EQ(lines_with("a budget is used up"), 1U);
  EXPECT_TRUE(one->metrics.expose().contains("kefu_usage_budgets{state=\"used_up\"} 0"));
}

TEST_F(AccountsTest, WhatCannotBeWrittenIsWrittenLater) {
  const auto one = replica("r1");
  broker.set_connected(false);
  (*one)->book({"shop", ""}, kModel, {.embedding = 7});
  EXPECT_TRUE(eventually([&] { return !one->metrics.expose().contains("kefu_usage_write_errors_total 0"); }));
  broker.set_connected(true);
  Records records(*usage, [this] { return first_of_month(day_of(now)); });
  TaskGroup tasks(io.get_executor(), [](std::exception_ptr) {});
  tasks.spawn(records.run());
  std::uint64_t read = 0;
  EXPECT_TRUE(eventually([&] {
    read = 0;
    records.each(day_of(now), day_of(now), [&](Day, const Count& count) { read += count.tokens.embedding; });
    return read == 7;
  }));
  records.stop();
  kefu::testing::run_task(io, tasks.join());
}

TEST_F(AccountsTest, TellOnceOfAModelWithoutAPrice) {
  const auto one = replica("r1");
  (*one)->book({"shop", ""}, "unknown", {.embedding = 1});
  (*one)->book({"shop", ""}, "unknown", {.embedding = 1});
  EXPECT_EQ(lines_with("no price is set"), 1U);
}

}  // namespace
}  // namespace kefu::usage
