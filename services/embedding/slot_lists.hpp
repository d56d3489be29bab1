#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kefu::embedding {

/// Places of an array of entries.
using Slot = std::uint32_t;

/// Some lists of slots, of which each is in one at most. Every step takes constant time and no memory.
class SlotLists {
 public:
  using List = std::uint8_t;

  SlotLists(Slot slots, List lists) : links_(slots + std::size_t{lists}), list_(slots), sizes_(lists) {
    for (Slot head = slots; head < links_.size(); ++head) links_[head] = {head, head};
  }

  void push_front(List list, Slot slot) { insert_after(head(list), list, slot); }
  void push_back(List list, Slot slot) { insert_after(links_[head(list)].previous, list, slot); }
  void remove(Slot slot) {
    const Link link = links_[slot];
    links_[link.previous].next = link.next;
    links_[link.next].previous = link.previous;
    --sizes_[list_[slot]];
  }
  /// Of a list that is not empty.
  Slot back(List list) const { return links_[head(list)].previous; }
  std::size_t size(List list) const { return sizes_[list]; }
  /// Of a slot that is in one.
  List list_of(Slot slot) const { return list_[slot]; }

  static constexpr std::size_t kBytesASlot = 2 * sizeof(Slot) + sizeof(List);

 private:
  struct Link {
    Slot previous;
    Slot next;
  };

  Slot head(List list) const { return static_cast<Slot>(list_.size()) + list; }
  void insert_after(Slot before, List list, Slot slot) {
    const Slot after = links_[before].next;
    links_[slot] = {before, after};
    links_[before].next = slot;
    links_[after].previous = slot;
    list_[slot] = list;
    ++sizes_[list];
  }

  std::vector<Link> links_;  // of the slots, then a ring's start for each list
  std::vector<List> list_;
  std::vector<std::size_t> sizes_;
};

}  // namespace kefu::embedding
