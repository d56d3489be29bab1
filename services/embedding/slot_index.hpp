#pragma once

#include "slot_lists.hpp"
#include "text_key.hpp"

#include <cstddef>
#include <optional>
#include <vector>

namespace kefu::embedding {

/// Key to slot, in 16 bytes a slot at most beside the keys themselves: an open table with linear probing, at
/// most half full, which closes the gap of what is erased instead of marking it.
class SlotIndex {
 public:
  explicit SlotIndex(Slot slots);

  std::optional<Slot> find(const TextKey& key) const;
  /// Of a key that is not in it and a slot that has none.
  void insert(const TextKey& key, Slot slot);
  /// Of a slot that has one.
  void erase(Slot slot);
  static std::size_t bytes(Slot slots);

 private:
  static constexpr Slot kNone = ~Slot{0};
  /// Where the search for a key begins.
  std::size_t home(const TextKey& key) const { return key.digest[1] & mask_; }
  std::size_t after(std::size_t place) const { return (place + 1) & mask_; }

  std::vector<TextKey> keys_;  // by slot
  std::vector<Slot> table_;
  std::size_t mask_;
};

}  // namespace kefu::embedding
