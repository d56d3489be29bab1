#include "cache_subject.hpp"

#include <kefu/testing/poll.hpp>
#include <kefu/testing/run_task.hpp>

namespace kefu::redis {
namespace {

using namespace std::chrono_literals;
using Values = std::vector<std::optional<std::string>>;
using Entries = std::vector<std::pair<std::string, std::string>>;

class KeyValueCacheContract : public ::testing::TestWithParam<MakeCacheSubject> {
 protected:
  Result<Values> get(std::vector<std::string> keys, Deadline deadline = Deadline::in(10s)) {
    return testing::run_task(subject_->io(), subject_->cache().get_many(std::move(keys), deadline));
  }
  Result<> put(Entries entries, std::chrono::seconds ttl = 60s, Deadline deadline = Deadline::in(10s)) {
    return testing::run_task(subject_->io(), subject_->cache().put_many(std::move(entries), ttl, deadline));
  }
  std::unique_ptr<CacheSubject> subject_ = GetParam()();
};

TEST_P(KeyValueCacheContract, GivesBackWhatWasPut) {
  ASSERT_TRUE(put({{"a", "1"}, {"退货", "七天"}}));
  EXPECT_EQ(get({"a", "退货"}), (Values{"1", "七天"}));
}

TEST_P(KeyValueCacheContract, AnswersEachKeyInItsPlace) {
  ASSERT_TRUE(put({{"a", "1"}, {"c", "3"}}));
  EXPECT_EQ(get({"c", "b", "a", "c", "b"}), (Values{"3", std::nullopt, "1", "3", std::nullopt}));
}

TEST_P(KeyValueCacheContract, KeepsBytesAsTheyAre) {
  std::string bytes(1000, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7);
  const std::string key("k\0\r\n\xff", 5);
  ASSERT_TRUE(put({{key, bytes}}));
  EXPECT_EQ(get({key}), (Values{bytes}));
}

TEST_P(KeyValueCacheContract, TellsAnEmptyValueFromAMissingOne) {
  ASSERT_TRUE(put({{"empty", ""}}));
  EXPECT_EQ(get({"empty", "missing"}), (Values{"", std::nullopt}));
}

TEST_P(KeyValueCacheContract, ReplacesAValue) {
  ASSERT_TRUE(put({{"a", "old"}}));
  ASSERT_TRUE(put({{"a", "new"}, {"a", "newest"}}));
  EXPECT_EQ(get({"a"}), (Values{"newest"}));
}

TEST_P(KeyValueCacheContract, TakesNothingAndGivesNothing) {
  EXPECT_TRUE(put({}));
  EXPECT_EQ(get({}), Values{});
}

TEST_P(KeyValueCacheContract, CarriesManyLargeValues) {
  Entries entries;
  std::vector<std::string> keys;
  for (int i = 0; i < 300; ++i) {
    keys.push_back("key" + std::to_string(i));
    entries.emplace_back(keys.back(), std::string(10'000, static_cast<char>('a' + i % 26)));
  }
  ASSERT_TRUE(put(entries));
  const auto values = get(keys);
  ASSERT_TRUE(values);
  ASSERT_EQ(values->size(), keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) EXPECT_EQ((*values)[i], entries[i].second);
}

TEST_P(KeyValueCacheContract, ForgetsAValueAfterItsTime) {
  ASSERT_TRUE(put({{"short", "1"}}, 1s));
  ASSERT_TRUE(put({{"long", "1"}}, 60s));
  EXPECT_EQ(get({"short", "long"}), (Values{"1", "1"}));
  EXPECT_TRUE(testing::eventually(subject_->io(), [&] { return get({"short"}) == (Values{std::nullopt}); }));
  EXPECT_EQ(get({"long"}), (Values{"1"}));
}

TEST_P(KeyValueCacheContract, KeepsAValueForAtLeastASecond) {
  ASSERT_TRUE(put({{"a", "1"}}, 0s));
  EXPECT_EQ(get({"a"}), (Values{"1"}));
}

TEST_P(KeyValueCacheContract, DoesNothingAfterTheDeadline) {
  const auto passed = Deadline::in(-1s);
  EXPECT_EQ(put({{"late", "1"}}, 60s, passed).error().code, Errc::deadline_exceeded);
  EXPECT_EQ(get({"late"}, passed).error().code, Errc::deadline_exceeded);
  EXPECT_EQ(get({"late"}), (Values{std::nullopt}));
}

INSTANTIATE_TEST_SUITE_P(Memory, KeyValueCacheContract,
                         ::testing::Values(&make_cache_subject<MemoryCacheSubject>));
INSTANTIATE_TEST_SUITE_P(Redis, KeyValueCacheContract,
                         ::testing::Values(&make_cache_subject<RedisCacheSubject>));

}  // namespace
}  // namespace kefu::redis
