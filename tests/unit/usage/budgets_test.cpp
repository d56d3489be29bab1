#include "usage_bed.hpp"

namespace kefu::usage {
namespace {

using namespace std::chrono_literals;
using kefu::v1::Budget;

class BudgetsTest : public testing::UsageTest {
 protected:
  BudgetsTest() {
    tasks.spawn(reader.run());
    tasks.spawn(writer.run());
  }
  ~BudgetsTest() override {
    reader.stop();
    writer.stop();
    kefu::testing::run_task(io, tasks.join());
  }
  static Budget of(Budget::Scope scope, const std::string& name, std::uint64_t tokens) {
    Budget budget;
    budget.set_scope(scope);
    budget.set_name(name);
    budget.set_tokens_per_day(tokens);
    return budget;
  }
  std::uint64_t limit(const Budgets& known, Budget::Scope scope, const std::string& name) {
    const Budget* budget = known.of(scope, name);
    return budget == nullptr ? 0 : budget->tokens_per_day();
  }

  Budgets writer{*budgets};
  Budgets reader{*budgets};
  TaskGroup tasks{io.get_executor(), [](std::exception_ptr) {}};
};

TEST_F(BudgetsTest, WhoWritesKnowsAtOnceAndOthersSoon) {
  ASSERT_TRUE(run(writer.put(of(Budget::SCOPE_KB, "商店", 5), Deadline::in(1min))));
  EXPECT_EQ(limit(writer, Budget::SCOPE_KB, "商店"), 5U);
  EXPECT_TRUE(eventually([&] { return limit(reader, Budget::SCOPE_KB, "商店") == 5; }));
  EXPECT_EQ(limit(reader, Budget::SCOPE_KEY, "商店"), 0U);
}

TEST_F(BudgetsTest, AreErasedForEverybody) {
  ASSERT_TRUE(run(writer.put(of(Budget::SCOPE_KEY, "*", 9), Deadline::in(1min))));
  ASSERT_TRUE(run(writer.put(of(Budget::SCOPE_KEY, "k", 5), Deadline::in(1min))));
  EXPECT_TRUE(eventually([&] { return limit(reader, Budget::SCOPE_KEY, "k") == 5; }));
  ASSERT_TRUE(run(writer.erase(Budget::SCOPE_KEY, "k", Deadline::in(1min))));
  EXPECT_EQ(limit(writer, Budget::SCOPE_KEY, "k"), 9U) << "the one for each holds again";
  EXPECT_TRUE(eventually([&] { return limit(reader, Budget::SCOPE_KEY, "k") == 9; }));
  EXPECT_EQ(run(writer.erase(Budget::SCOPE_KEY, "k", Deadline::in(1min))).error().code, Errc::not_found);
  EXPECT_EQ(writer.all().size(), 1U);
}

}  // namespace
}  // namespace kefu::usage
