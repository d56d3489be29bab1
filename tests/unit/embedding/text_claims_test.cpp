#include "text_claims.hpp"

#include "cached_value.hpp"
#include "doubles.hpp"
#include "watched_claims.hpp"

#include <kefu/async/task_group.hpp>
#include <kefu/redis/memory_cache.hpp>
#include <kefu/redis/memory_claims.hpp>
#include <kefu/testing/poll.hpp>
#include <kefu/testing/run_task.hpp>

#include <gtest/gtest.h>

#include <list>
#include <memory>

namespace kefu::embedding {
namespace {

using namespace std::chrono_literals;
using testing::WatchedClaims;
using Keys = std::vector<std::string>;

constexpr std::string_view kVector = "a vector";

constexpr ClaimOptions kQuick{.time = 300ms, .renew_every = 30ms, .first_pause = 1ms, .longest_pause = 5ms};

class TextClaimsTest : public ::testing::Test {
 protected:
  using JobPtr = TextClaims::JobPtr;

  /// What one replica does with its texts.
  struct Replica {
    Replica(TextClaimsTest& test, ClaimOptions options)
        : counters(metrics),
          watched(test.claims_),
          claims(test.io_.get_executor(), watched, counters, options,
                 {.compute = [this](std::vector<MissingText> texts) { add(computes, texts); },
                  .found =
                      [this](const MissingText& text, const std::string& value) {
                        if (value != kVector) return false;
                        found.push_back(text.name);
                        return true;
                      },
                  .given_up = [this](const MissingText& text) { given_up.push_back(text.name); }}) {}
    static void add(Keys& keys, const std::vector<MissingText>& texts) {
      for (const MissingText& text : texts) keys.push_back(text.name);
    }
    double count(const std::string& result) const {
      return testing::metric(metrics, "kefu_embedding_claims_total{result=\"" + result + "\"}");
    }

    telemetry::Metrics metrics;
    ClaimMetrics counters;
    WatchedClaims watched;
    Keys computes, found, given_up;
    TextClaims claims;
  };

  ~TextClaimsTest() override {
    waits_.clear();
    for (Replica& replica : replicas_) replica.claims.stop();
    for (Replica& replica : replicas_) run(replica.claims.release(std::exchange(all_keys_[&replica], {})));
    run(tasks_.join());
  }

  Replica& replica(ClaimOptions options = kQuick) {
    Replica& made = replicas_.emplace_back(*this, options);
    tasks_.spawn(made.claims.watch());
    tasks_.spawn(made.claims.renew());
    return made;
  }
  /// One whose process stands still, or is gone: it renews nothing.
  Replica& dead_replica(ClaimOptions options = kQuick) { return replicas_.emplace_back(*this, options); }

  /// The keys that it is to compute now.
  Keys take(Replica& replica, const Keys& keys, Lane lane = Lane::question,
            Deadline deadline = Deadline::in(30s)) {
    std::vector<MissingText> texts;
    for (const std::string& key : keys) {
      const auto job = std::make_shared<TextJob>(TextKey{}, lane);
      waits_.push_back(std::make_shared<TextWait>(io_.get_executor(), std::vector<Delivery>(1), deadline));
      job->add_waiter(waits_.back(), 0);
      texts.push_back({.job = job, .name = key});
      all_keys_[&replica].push_back(key);
    }
    Keys mine;
    Replica::add(mine, kefu::testing::run_task(io_, replica.claims.take(std::move(texts))));
    return mine;
  }
  void release(Replica& replica, Keys keys) { run(replica.claims.release(std::move(keys))); }
  void store(const std::string& key) { put(key, std::string(kVector)); }
  void put(std::string key, std::string bytes) {
    std::vector<std::pair<std::string, std::string>> entries{{std::move(key), std::move(bytes)}};
    ASSERT_TRUE(kefu::testing::run_task(io_, cache_.put_many(std::move(entries), 60s, Deadline::in(1s))));
  }
  void run(Task<void> task) { kefu::testing::run_task(io_, std::move(task)); }
  template <class Condition>
  bool eventually(Condition condition) {
    return kefu::testing::run_task(io_, kefu::testing::eventually(condition));
  }

  asio::io_context io_;
  TaskGroup tasks_{io_.get_executor(), [](std::exception_ptr e) { std::rethrow_exception(std::move(e)); }};
  redis::MemoryCache cache_;
  redis::MemoryClaims claims_{cache_};
  std::list<Replica> replicas_;
  std::map<Replica*, Keys> all_keys_;
  std::vector<std::shared_ptr<TextWait>> waits_;
};

TEST_F(TextClaimsTest, LetsOneReplicaComputeAndTheOthersFindItsVector) {
  Replica& a = replica();
  Replica& b = replica();
  Replica& c = replica();
  EXPECT_EQ(take(a, {"1", "2"}), (Keys{"1", "2"}));
  EXPECT_EQ(take(b, {"2", "3"}), (Keys{"3"}));
  EXPECT_EQ(take(c, {"2"}), Keys{});
  store("2");
  release(a, {"1", "2"});
  EXPECT_TRUE(eventually([&] { return b.found == Keys{"2"} && c.found == Keys{"2"}; }));
  EXPECT_EQ(b.computes, Keys{});
  EXPECT_EQ(a.count("won") + b.count("won") + c.count("won"), 3);
  EXPECT_EQ(b.count("waited") + c.count("waited"), 2);
  EXPECT_EQ(b.claims.waiting(), 0U);
}

TEST_F(TextClaimsTest, FindsAVectorThatWasStoredSinceItWasLookedFor) {
  Replica& a = replica();
  store("1");
  EXPECT_EQ(take(a, {"1"}), Keys{});
  EXPECT_EQ(a.found, Keys{"1"});
  EXPECT_EQ(a.claims.held(), 0U);
}

TEST_F(TextClaimsTest, LetsOneWaiterTakeOverWhenTheOneWhoComputesIsGone) {
  Replica& gone = dead_replica();
  Replica& b = replica();
  Replica& c = replica();
  EXPECT_EQ(take(gone, {"1"}), Keys{"1"});
  EXPECT_EQ(take(b, {"1"}), Keys{});
  EXPECT_EQ(take(c, {"1"}), Keys{});
  ASSERT_TRUE(eventually([&] { return b.computes.size() + c.computes.size() == 1; }));
  EXPECT_EQ(b.count("expired") + c.count("expired"), 1);
  Replica& heir = b.computes.empty() ? c : b;
  Replica& other = b.computes.empty() ? b : c;
  store("1");
  release(heir, {"1"});
  EXPECT_TRUE(eventually([&] { return other.found == Keys{"1"}; }));
}

TEST_F(TextClaimsTest, KeepsItsClaimForAsLongAsSomebodyWaits) {
  Replica& slow = replica({.time = 1s, .renew_every = 30ms});
  Replica& gone = dead_replica({.time = 1500ms});
  Replica& b = replica();
  EXPECT_EQ(take(slow, {"1"}), Keys{"1"});
  EXPECT_EQ(take(gone, {"2"}), Keys{"2"});
  EXPECT_EQ(take(b, {"1", "2"}), Keys{});
  ASSERT_TRUE(eventually([&] { return b.computes == Keys{"2"}; }));
  EXPECT_EQ(b.claims.waiting(), 1U);
  waits_.front().reset();  // nobody waits at the slow one any more
  EXPECT_TRUE(eventually([&] { return b.computes == (Keys{"2", "1"}); }));
}

TEST_F(TextClaimsTest, TakesOverAtOnceWhatWasGivenBackWithoutAVector) {
  Replica& a = replica({.time = 60s});
  Replica& b = replica();
  EXPECT_EQ(take(a, {"1"}), Keys{"1"});
  EXPECT_EQ(take(b, {"1"}), Keys{});
  release(a, {"1"});
  EXPECT_TRUE(eventually([&] { return b.computes == Keys{"1"}; }));
}

TEST_F(TextClaimsTest, EndsItsWaitingWhenNobodyWaitsForTheText) {
  Replica& a = replica();
  Replica& b = replica();
  EXPECT_EQ(take(a, {"1"}), Keys{"1"});
  EXPECT_EQ(take(b, {"1"}, Lane::question, Deadline::in(20ms)), Keys{});
  EXPECT_TRUE(eventually([&] { return b.given_up == Keys{"1"}; }));
  EXPECT_EQ(b.computes, Keys{});
  EXPECT_EQ(b.claims.waiting(), 0U);
}

TEST_F(TextClaimsTest, ComputesByItselfWhereRedisDoesNotAnswer) {
  Replica& a = replica();
  a.watched.down = true;
  EXPECT_EQ(take(a, {"1", "2"}), (Keys{"1", "2"}));
  EXPECT_EQ(a.count("failed"), 2);
}

TEST_F(TextClaimsTest, ComputesByItselfWhereRedisFailsWhileItWaits) {
  Replica& a = replica();
  Replica& b = replica();
  EXPECT_EQ(take(a, {"1"}), Keys{"1"});
  EXPECT_EQ(take(b, {"1"}), Keys{});
  b.watched.down = true;
  EXPECT_TRUE(eventually([&] { return b.computes == Keys{"1"}; }));
  EXPECT_EQ(b.count("failed"), 1);
  EXPECT_EQ(b.count("expired"), 0);
}

TEST_F(TextClaimsTest, ComputesAndReplacesAValueThatIsGarbage) {
  Replica& a = replica();
  put("1", "garbage");
  EXPECT_EQ(take(a, {"1"}), Keys{"1"});
  EXPECT_EQ(a.found, Keys{});
}

TEST_F(TextClaimsTest, LetsNoQuestionWaitForAnImport) {
  Replica& importing = replica();
  Replica& asked = replica();
  EXPECT_EQ(take(importing, {"1"}, Lane::import), Keys{"1"});
  EXPECT_EQ(take(asked, {"1"}), Keys{"1"});
  Replica& late = replica();
  EXPECT_EQ(take(late, {"1"}, Lane::import), Keys{});
}

TEST_F(TextClaimsTest, AsksOnceForTheTextsOfARequestAndForThoseThatItWaitsFor) {
  Replica& a = replica();
  Replica& b = replica();
  Keys keys;
  for (int i = 0; i < 300; ++i) keys.push_back(std::to_string(i));
  EXPECT_EQ(take(a, keys).size(), 300U);
  EXPECT_EQ(a.watched.sizes, (std::vector<std::size_t>{256, 44}));
  release(a, keys);
  EXPECT_EQ(a.watched.releases, 2U);
  EXPECT_EQ(take(a, {"1", "2"}).size(), 2U);
  EXPECT_EQ(take(b, {"1"}), Keys{});
  EXPECT_EQ(take(b, {"2"}), Keys{});
  EXPECT_TRUE(eventually([&] { return std::ranges::count(b.watched.sizes, 2U) > 0; }));
}

TEST_F(TextClaimsTest, LeavesNothingToOthersOnceItEnds) {
  Replica& a = replica();
  Replica& b = replica();
  EXPECT_EQ(take(a, {"1", "2"}), (Keys{"1", "2"}));
  EXPECT_EQ(take(b, {"1"}), Keys{});
  b.claims.stop();
  EXPECT_TRUE(eventually([&] { return b.computes == Keys{"1"}; }));
  EXPECT_EQ(take(b, {"2"}), Keys{"2"});
  EXPECT_EQ(b.claims.waiting(), 0U);
}

TEST_F(TextClaimsTest, GivesBackOnlyWhatItHolds) {
  Replica& a = replica();
  release(a, {"1"});
  EXPECT_EQ(a.watched.releases, 0U);
}

}  // namespace
}  // namespace kefu::embedding
