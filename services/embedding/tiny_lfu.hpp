#pragma once

#include "frequency_sketch.hpp"
#include "slot_lists.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace kefu::embedding {

/// Which entries of a cache stay: W-TinyLFU, after the paper named in FrequencySketch, with the shares of
/// Caffeine. What is new enters a small window (1%, least recently used goes). What falls out of it is a
/// candidate for the main part and gets in only if it was asked for more often than the entry that would have
/// to go: so thousands of texts that are asked for once pass by without pushing out what is asked for every
/// day. The main part is on probation until it is asked for again, and then protected (80%).
class TinyLfu {
 public:
  /// Of at least one entry. Slots are numbered from 0 up to and with `entries`: one is the new entry's,
  /// before it is known which one goes.
  explicit TinyLfu(Slot entries);

  /// A key was looked up, whether it was found or not.
  void asked(std::uint64_t hash) { sketch_.add(hash); }
  /// The entry was found.
  void hit(Slot slot);
  /// Of a new entry. The one that goes, which may be the new one itself.
  std::optional<Slot> insert(Slot slot, std::uint64_t hash);
  /// Of a new entry that takes only room that nobody else needs, and is the first to go. False: there is
  /// none, and it is not in.
  bool insert_to_spare_room(Slot slot, std::uint64_t hash);
  void erase(Slot slot) { lists_.remove(slot); }

  static std::size_t bytes(Slot entries);

 private:
  enum Part : SlotLists::List { window, probation, guarded };

  std::size_t in_main() const { return lists_.size(probation) + lists_.size(guarded); }
  Slot loser(Slot candidate) const;

  FrequencySketch sketch_;
  SlotLists lists_;
  std::vector<std::uint64_t> hashes_;
  std::size_t most_in_window_;
  std::size_t most_in_main_;
  std::size_t most_guarded_;
};

}  // namespace kefu::embedding
