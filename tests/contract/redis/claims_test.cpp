#include "cache_subject.hpp"

#include <kefu/testing/poll.hpp>
#include <kefu/testing/run_task.hpp>

namespace kefu::redis {
namespace {

using namespace std::chrono_literals;
using Wanted = Claims::Wanted;

class ClaimsContract : public ::testing::TestWithParam<MakeCacheSubject> {
 protected:
  static constexpr auto kLong = std::chrono::milliseconds(60s);

  /// One letter a key: `h`eld, the `v`alue is there, `o`ther's.
  std::string take(const std::string& token, std::vector<Wanted> wanted,
                   std::chrono::milliseconds time = kLong) {
    const auto taken = testing::run_task(
        subject_->io(), subject_->claims().take(std::move(wanted), token, time, Deadline::in(10s)));
    if (!taken) return taken.error().message;
    std::string letters;
    for (const Claims::Taken& each : *taken) {
      EXPECT_FALSE(each.held && each.value);
      letters += each.held ? 'h' : each.value ? 'v' : 'o';
    }
    return letters;
  }
  Result<> release(const std::string& token, std::vector<std::string> keys,
                   Deadline deadline = Deadline::in(10s)) {
    return testing::run_task(subject_->io(), subject_->claims().release(std::move(keys), token, deadline));
  }
  void put(std::string key, std::string value) {
    std::vector<std::pair<std::string, std::string>> entries{{std::move(key), std::move(value)}};
    ASSERT_TRUE(testing::run_task(subject_->io(),
                                  subject_->cache().put_many(std::move(entries), 60s, Deadline::in(10s))));
  }
  std::unique_ptr<CacheSubject> subject_ = GetParam()();
};

TEST_P(ClaimsContract, GivesAKeyToOneOfTwo) {
  EXPECT_EQ(take("a", {{"1"}, {"2"}}), "hh");
  EXPECT_EQ(take("b", {{"2"}, {"3"}, {"1"}}), "oho");
}

TEST_P(ClaimsContract, GivesAKeyThatWasGivenBackToTheNext) {
  EXPECT_EQ(take("a", {{"1"}, {"2"}}), "hh");
  EXPECT_TRUE(release("a", {"1", "never claimed"}));
  EXPECT_EQ(take("b", {{"1"}, {"2"}}), "ho");
}

TEST_P(ClaimsContract, LetsNobodyGiveBackWhatAnotherHolds) {
  EXPECT_EQ(take("a", {{"1"}}), "h");
  EXPECT_TRUE(release("b", {"1"}));
  EXPECT_EQ(take("b", {{"1"}}), "o");
}

TEST_P(ClaimsContract, GivesAKeyWhoseTimeIsOverToTheNext) {
  EXPECT_EQ(take("a", {{"1"}}, 1ms), "h");
  EXPECT_TRUE(testing::eventually(subject_->io(), [&] { return take("b", {{"1"}}) == "h"; }));
  EXPECT_EQ(take("a", {{"1"}}), "o");
}

TEST_P(ClaimsContract, RenewsWhatTheTokenHolds) {
  EXPECT_EQ(take("a", {{"1"}}, 300ms), "h");
  EXPECT_EQ(take("a", {{"1"}}), "h");
  EXPECT_EQ(take("c", {{"2"}}, 300ms), "h");
  EXPECT_TRUE(testing::eventually(subject_->io(), [&] { return take("b", {{"2"}}) == "h"; }));
  EXPECT_EQ(take("b", {{"1"}}), "o");
}

TEST_P(ClaimsContract, GivesTheValueWhereThereIsOneAndClaimsNothing) {
  put("1", std::string("\0\r\n", 3));
  const auto taken = testing::run_task(
      subject_->io(), subject_->claims().take({{"1"}, {"2"}}, "a", kLong, Deadline::in(10s)));
  ASSERT_TRUE(taken);
  EXPECT_EQ((*taken)[0].value, std::string("\0\r\n", 3));
  EXPECT_FALSE((*taken)[0].held);
  EXPECT_TRUE((*taken)[1].held);
}

TEST_P(ClaimsContract, LeavesNoGapBetweenAValueAndItsClaim) {
  EXPECT_EQ(take("a", {{"1"}}), "h");
  put("1", "value");
  EXPECT_EQ(take("b", {{"1"}}), "v");
  EXPECT_TRUE(release("a", {"1"}));
  EXPECT_EQ(take("b", {{"1"}}), "v");
}

TEST_P(ClaimsContract, LetsWhoIsUrgentTakeTheClaimOfWhoIsNot) {
  EXPECT_EQ(take("a", {{"1"}}), "h");
  EXPECT_EQ(take("b", {{"1", true}}), "h");
  EXPECT_EQ(take("a", {{"1"}}), "o");
  EXPECT_EQ(take("c", {{"1", true}}), "o");
  EXPECT_TRUE(release("b", {"1"}));
  EXPECT_EQ(take("a", {{"1"}}), "h");
}

TEST_P(ClaimsContract, TakesAsManyKeysAsARequestHas) {
  std::vector<Wanted> wanted;
  for (int i = 0; i < 256; ++i) wanted.push_back({"key" + std::to_string(i)});
  EXPECT_EQ(take("a", wanted), std::string(256, 'h'));
  EXPECT_EQ(take("b", wanted), std::string(256, 'o'));
}

TEST_P(ClaimsContract, TakesNothingAndGivesNothing) {
  EXPECT_EQ(take("a", {}), "");
  EXPECT_TRUE(release("a", {}));
}

TEST_P(ClaimsContract, DoesNothingAfterTheDeadline) {
  const auto late =
      testing::run_task(subject_->io(), subject_->claims().take({{"1"}}, "a", kLong, Deadline::in(-1s)));
  EXPECT_EQ(late.error().code, Errc::deadline_exceeded);
  EXPECT_EQ(take("b", {{"1"}}), "h");
  EXPECT_EQ(release("b", {"1"}, Deadline::in(-1s)).error().code, Errc::deadline_exceeded);
  EXPECT_EQ(take("a", {{"1"}}), "o");
}

INSTANTIATE_TEST_SUITE_P(Memory, ClaimsContract, ::testing::Values(&make_cache_subject<MemoryCacheSubject>));
INSTANTIATE_TEST_SUITE_P(Redis, ClaimsContract, ::testing::Values(&make_cache_subject<RedisCacheSubject>));

}  // namespace
}  // namespace kefu::redis
