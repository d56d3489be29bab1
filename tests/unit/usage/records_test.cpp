#include "usage_bed.hpp"

namespace kefu::usage {
namespace {

using namespace std::chrono_literals;

class RecordsTest : public testing::UsageTest {
 protected:
  ~RecordsTest() override {
    records.stop();
    kefu::testing::run_task(io, tasks.join());
  }
  void write(Day day, const std::string& replica, std::uint64_t tokens) {
    DayCounts counts(day, replica);
    counts.add({"shop", ""}, "bge", {}, {.embedding = tokens});
    put(day_key(day) + "." + replica, counts.record().SerializeAsString());
  }
  void put(const std::string& key, const std::string& value) {
    EXPECT_TRUE(run(usage->put(key, value, std::nullopt, Deadline::in(1min))));
  }
  std::uint64_t sum(Day first, Day last) const {
    std::uint64_t tokens = 0;
    records.each(first, last, [&](Day, const Count& count) { tokens += count.tokens.embedding; });
    return tokens;
  }

  Day today = day_of(now);
  Records records{*usage, [this] { return day_of(now) - std::chrono::days(30); }};
  TaskGroup tasks{io.get_executor(), [](std::exception_ptr) {}};
};

TEST_F(RecordsTest, AReplicaReplacesWhatItWroteBefore) {
  write(today, "r1", 5);
  write(today, "r2", 7);
  write(today - std::chrono::days(1), "r1", 100);
  tasks.spawn(records.run());
  EXPECT_TRUE(eventually([&] { return records.complete(); }));
  EXPECT_EQ(sum(today, today), 12U);
  write(today, "r1", 6);
  EXPECT_TRUE(eventually([&] { return sum(today, today) == 13; }));
  EXPECT_EQ(sum(today - std::chrono::days(1), today), 113U);
}

TEST_F(RecordsTest, PassesOverWhatIsTooOldOrCannotBeRead) {
  write(today - std::chrono::days(31), "r1", 100);
  put(day_key(today) + ".broken", "\xff\xff");
  write(today, "r1", 1);
  tasks.spawn(records.run());
  EXPECT_TRUE(eventually([&] { return records.complete(); }));
  EXPECT_EQ(sum(today - std::chrono::days(60), today), 1U);
}

TEST_F(RecordsTest, ForgetsWhatBecomesTooOldMeanwhile) {
  write(today, "r1", 5);
  tasks.spawn(records.run());
  EXPECT_TRUE(eventually([&] { return sum(today, today) == 5; }));
  now += 24h * 31;
  const Day later = day_of(now);
  write(later, "r1", 7);
  EXPECT_TRUE(eventually([&] { return sum(later, later) == 7; }));
  EXPECT_EQ(sum(today, later), 7U);
}

TEST_F(RecordsTest, PassesOverARecordUnderAnotherDay) {
  DayCounts counts(today, "r1");
  counts.add({"shop", ""}, "bge", {}, {.embedding = 5});
  put(day_key(today - std::chrono::days(1)) + ".r1", counts.record().SerializeAsString());
  write(today, "r2", 7);
  tasks.spawn(records.run());
  EXPECT_TRUE(eventually([&] { return records.complete(); }));
  EXPECT_EQ(sum(today - std::chrono::days(9), std::chrono::year(9999) / 12 / 31), 7U);
}

}  // namespace
}  // namespace kefu::usage
