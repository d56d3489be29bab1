#include "tiny_lfu.hpp"

#include <algorithm>

namespace kefu::embedding {

TinyLfu::TinyLfu(Slot entries)
    : sketch_(entries),
      lists_(entries + 1, 3),
      hashes_(entries + std::size_t{1}),
      most_in_window_(std::max<std::size_t>(1, entries / 100)),
      most_in_main_(entries - most_in_window_),
      most_guarded_(most_in_main_ * 8 / 10) {}

std::size_t TinyLfu::bytes(Slot entries) {
  return FrequencySketch::bytes(entries) +
         (entries + std::size_t{1}) * (SlotLists::kBytesASlot + sizeof(std::uint64_t));
}

void TinyLfu::hit(Slot slot) {
  const SlotLists::List from = lists_.list_of(slot);
  lists_.remove(slot);
  if (from == window) {
    lists_.push_front(window, slot);
    return;
  }
  lists_.push_front(guarded, slot);
  if (lists_.size(guarded) <= most_guarded_) return;
  const Slot demoted = lists_.back(guarded);
  lists_.remove(demoted);
  lists_.push_front(probation, demoted);
}

std::optional<Slot> TinyLfu::insert(Slot slot, std::uint64_t hash) {
  hashes_[slot] = hash;
  lists_.push_front(window, slot);
  if (lists_.size(window) <= most_in_window_) return std::nullopt;
  const Slot candidate = lists_.back(window);
  lists_.remove(candidate);
  if (in_main() < most_in_main_) {
    lists_.push_front(probation, candidate);
    return std::nullopt;
  }
  const Slot out = loser(candidate);
  if (out == candidate) return out;
  lists_.remove(out);
  lists_.push_front(probation, candidate);
  return out;
}

/// The main part is full.
Slot TinyLfu::loser(Slot candidate) const {
  if (in_main() == 0) return candidate;
  const Slot victim = lists_.back(lists_.size(probation) != 0 ? probation : guarded);
  return sketch_.estimate(hashes_[candidate]) > sketch_.estimate(hashes_[victim]) ? victim : candidate;
}

bool TinyLfu::insert_to_spare_room(Slot slot, std::uint64_t hash) {
  if (in_main() >= most_in_main_) return false;
  hashes_[slot] = hash;
  lists_.push_back(probation, slot);
  return true;
}

}  // namespace kefu::embedding
