#include "slot_index.hpp"

#include <bit>

namespace kefu::embedding {
namespace {

std::size_t places_for(Slot slots) { return std::bit_ceil(std::size_t{2} * slots + 1); }

}  // namespace

SlotIndex::SlotIndex(Slot slots) : keys_(slots), table_(places_for(slots), kNone), mask_(table_.size() - 1) {}

std::size_t SlotIndex::bytes(Slot slots) {
  return slots * sizeof(TextKey) + places_for(slots) * sizeof(Slot);
}

std::optional<Slot> SlotIndex::find(const TextKey& key) const {
  for (std::size_t place = home(key); table_[place] != kNone; place = after(place)) {
    if (keys_[table_[place]] == key) return table_[place];
  }
  return std::nullopt;
}

void SlotIndex::insert(const TextKey& key, Slot slot) {
  std::size_t place = home(key);
  while (table_[place] != kNone) place = after(place);
  table_[place] = slot;
  keys_[slot] = key;
}

void SlotIndex::erase(Slot slot) {
  std::size_t gap = home(keys_[slot]);
  while (table_[gap] != slot) gap = after(gap);
  // What comes later moves into the gap unless its search begins behind it.
  for (std::size_t place = after(gap); table_[place] != kNone; place = after(place)) {
    const std::size_t from_home = (place - home(keys_[table_[place]])) & mask_;
    const std::size_t from_gap = (place - gap) & mask_;
    if (from_home < from_gap) continue;
    table_[gap] = table_[place];
    gap = place;
  }
  table_[gap] = kNone;
}

}  // namespace kefu::embedding
