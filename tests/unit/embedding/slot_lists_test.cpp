#include "slot_lists.hpp"

#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <random>

namespace kefu::embedding {
namespace {

TEST(SlotLists, AreWhatListsOfNumbersAre) {
  constexpr Slot kSlots = 20;
  SlotLists lists(kSlots, 2);
  std::array<std::deque<Slot>, 2> model;
  std::mt19937 random(3);
  for (int step = 0; step < 5000; ++step) {
    const Slot slot = random() % kSlots;
    const SlotLists::List into = random() % 2;
    for (auto& list : model) {
      if (std::erase(list, slot) != 0) lists.remove(slot);
    }
    switch (random() % 3) {
      case 0:
        lists.push_front(into, slot);
        model[into].push_front(slot);
        break;
      case 1:
        lists.push_back(into, slot);
        model[into].push_back(slot);
        break;
      default:
        break;
    }
    for (SlotLists::List list = 0; list < 2; ++list) {
      ASSERT_EQ(lists.size(list), model[list].size());
      if (!model[list].empty()) ASSERT_EQ(lists.back(list), model[list].back());
      for (const Slot each : model[list]) ASSERT_EQ(lists.list_of(each), list);
    }
  }
}

}  // namespace
}  // namespace kefu::embedding
