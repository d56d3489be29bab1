#include "slot_index.hpp"

#include "uniform_hash.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace kefu::embedding {
namespace {

using testing::key_of;

TEST(SlotIndex, FindsWhatIsInItAndNothingElse) {
  SlotIndex index(4);
  EXPECT_FALSE(index.find(key_of(1)));
  index.insert(key_of(1), 3);
  index.insert(key_of(2), 0);
  EXPECT_EQ(index.find(key_of(1)), 3U);
  EXPECT_EQ(index.find(key_of(2)), 0U);
  index.erase(3);
  EXPECT_FALSE(index.find(key_of(1)));
  EXPECT_EQ(index.find(key_of(2)), 0U);
}

/// Keys whose searches begin at few places, so that they collide and the table wraps around.
TEST(SlotIndex, KeepsWhatCollidesThroughManyErasures) {
  constexpr Slot kSlots = 30;
  SlotIndex index(kSlots);
  std::map<Slot, TextKey> model;
  std::mt19937 random(5);
  for (int step = 0; step < 20'000; ++step) {
    const Slot slot = random() % kSlots;
    if (model.erase(slot) != 0) {
      index.erase(slot);
    } else {
      model[slot] = TextKey{{random(), 60 + random() % 6}};
      index.insert(model[slot], slot);
    }
    for (const auto& [each, key] : model) ASSERT_EQ(index.find(key), each);
    ASSERT_FALSE(index.find(TextKey{{~0ULL, 60}}));
  }
}

}  // namespace
}  // namespace kefu::embedding
