#include "tiny_lfu.hpp"

#include "uniform_hash.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <list>
#include <random>
#include <unordered_map>
#include <vector>

namespace kefu::embedding {
namespace {

using testing::uniform_hash;

/// Keys alone, as the policy would have them kept.
class TinyLfuCache {
 public:
  explicit TinyLfuCache(Slot entries) : policy_(entries), keys_(entries + 1) {
    for (Slot slot = 0; slot <= entries; ++slot) free_.push_back(slot);
  }
  bool ask(std::uint64_t key) {
    policy_.asked(uniform_hash(key));
    if (const auto found = slots_.find(key); found != slots_.end()) {
      policy_.hit(found->second);
      return true;
    }
    const Slot slot = take(key);
    if (const auto out = policy_.insert(slot, uniform_hash(key))) give_back(*out);
    return false;
  }
  bool fill(std::uint64_t key) {
    const Slot slot = take(key);
    const bool in = policy_.insert_to_spare_room(slot, uniform_hash(key));
    if (!in) give_back(slot);
    return in;
  }
  bool has(std::uint64_t key) const { return slots_.contains(key); }
  std::size_t size() const { return slots_.size(); }

 private:
  Slot take(std::uint64_t key) {
    const Slot slot = free_.back();
    free_.pop_back();
    keys_[slot] = key;
    slots_[key] = slot;
    return slot;
  }
  void give_back(Slot slot) {
    slots_.erase(keys_[slot]);
    free_.push_back(slot);
  }

  TinyLfu policy_;
  std::vector<std::uint64_t> keys_;
  std::unordered_map<std::uint64_t, Slot> slots_;
  std::vector<Slot> free_;
};

class LruCache {
 public:
  explicit LruCache(std::size_t entries) : entries_(entries) {}
  bool ask(std::uint64_t key) {
    const auto found = places_.find(key);
    const bool hit = found != places_.end();
    if (hit) order_.erase(found->second);
    order_.push_front(key);
    places_[key] = order_.begin();
    if (places_.size() > entries_) {
      places_.erase(order_.back());
      order_.pop_back();
    }
    return hit;
  }

 private:
  std::size_t entries_;
  std::list<std::uint64_t> order_;
  std::unordered_map<std::uint64_t, std::list<std::uint64_t>::iterator> places_;
};

/// Questions as customers ask them: the n-th most frequent one 1/n^1.1 as often as the first.
class Questions {
 public:
  Questions() : next_(weights().begin(), weights().end()) {}
  std::uint64_t operator()() { return next_(random_); }

 private:
  static const std::vector<double>& weights() {
    static const std::vector<double> all = [] {
      std::vector<double> each(10'000);
      for (std::size_t i = 0; i < each.size(); ++i) each[i] = std::pow(static_cast<double>(i + 1), -1.1);
      return each;
    }();
    return all;
  }
  std::mt19937 random_{7};
  std::discrete_distribution<std::uint64_t> next_;
};

template <class Cache>
double hit_share(Cache& cache, Questions& questions, int count) {
  int hits = 0;
  for (int i = 0; i < count; ++i) hits += cache.ask(questions()) ? 1 : 0;
  return static_cast<double>(hits) / count;
}

constexpr int kScan = 5000;  // texts that come once
constexpr std::uint64_t kFirstOfScan = 1'000'000;

template <class Cache>
void scan(Cache& cache) {
  for (int i = 0; i < kScan; ++i) cache.ask(kFirstOfScan + static_cast<std::uint64_t>(i));
}

TEST(TinyLfu, KeepsTheQuestionsThroughAScanThatFlushesAnLru) {
  TinyLfuCache tiny(500);
  LruCache lru(500);
  Questions one;
  Questions other;
  const double before = hit_share(tiny, one, 20'000);
  const double lru_before = hit_share(lru, other, 20'000);
  scan(tiny);
  scan(lru);
  const double after = hit_share(tiny, one, 500);
  const double lru_after = hit_share(lru, other, 500);
  const double long_after = hit_share(tiny, one, 20'000);
  RecordProperty("hit_shares",
                 ::testing::PrintToString(std::vector{before, lru_before, after, lru_after, long_after}));
  EXPECT_GT(before, lru_before + 0.02);
  EXPECT_GT(after, before - 0.04);
  EXPECT_GT(after, lru_after + 0.15);
  EXPECT_GT(long_after, before - 0.01);
}

TEST(TinyLfu, FollowsWhenTheQuestionsBecomeOthers) {
  TinyLfuCache cache(100);
  for (int round = 0; round < 50; ++round) {
    for (std::uint64_t key = 0; key < 80; ++key) cache.ask(key);
  }
  int hits = 0;
  for (int round = 0; round < 50; ++round) {
    for (std::uint64_t key = 1000; key < 1080; ++key) hits += cache.ask(key) ? 1 : 0;
  }
  EXPECT_GT(hits, 50 * 80 / 2);
}

TEST(TinyLfu, NeverHoldsMoreThanItMay) {
  for (const Slot entries : {1U, 2U, 3U, 10U, 101U}) {
    TinyLfuCache cache(entries);
    Questions questions;
    for (int i = 0; i < 2000; ++i) {
      if (i % 3 == 0) {
        cache.fill(kFirstOfScan + static_cast<std::uint64_t>(i));
      } else {
        cache.ask(questions());
      }
      ASSERT_LE(cache.size(), entries);
    }
    EXPECT_EQ(cache.size(), entries);
  }
}

TEST(TinyLfu, GivesUpWhatOnlyFilledSpareRoomFirst) {
  TinyLfuCache cache(100);
  for (std::uint64_t key = 0; key < 40; ++key) cache.ask(key);
  std::uint64_t filled = 0;
  while (cache.fill(1000 + filled)) ++filled;
  EXPECT_EQ(filled, 60U);
  for (std::uint64_t key = 100; key < 160; ++key) cache.ask(key);
  for (std::uint64_t key = 0; key < 40; ++key) EXPECT_TRUE(cache.has(key)) << key;
  for (std::uint64_t key = 100; key < 160; ++key) EXPECT_TRUE(cache.has(key)) << key;
  EXPECT_FALSE(cache.fill(2000));
}

}  // namespace
}  // namespace kefu::embedding
