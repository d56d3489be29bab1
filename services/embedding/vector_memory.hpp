#pragma once

#include "embedder.hpp"
#include "lane.hpp"
#include "slot_index.hpp"
#include "tiny_lfu.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace kefu::embedding {

/// The tier of the cache in this process: float16 vectors of one model in one block of memory, whose size
/// never changes. An entry is as old as its vector, wherever that was meanwhile. What imports look up is not
/// counted and what they bring takes only room that nothing else needs, so no import pushes a question out.
/// One thread.
class VectorMemory {
 public:
  /// As many entries as `bytes` hold with everything that belongs to them; possibly none.
  VectorMemory(std::size_t bytes, std::size_t dimensions, std::chrono::seconds ttl);

  std::optional<TextVector> find(const TextKey& key, Lane lane, std::chrono::sys_seconds now);
  void keep(const TextKey& key, const TextVector& value, Lane lane, std::chrono::sys_seconds written,
            std::chrono::sys_seconds now);

  std::size_t entries() const { return entries_; }
  /// Of the entries there are.
  std::size_t bytes() const { return entries_ * bytes_an_entry_; }
  std::size_t most_entries() const { return most_entries_; }
  std::size_t bytes_an_entry() const { return bytes_an_entry_; }

 private:
  struct Facts {
    std::uint32_t tokens;
    std::uint32_t written;  // seconds since 1970, which suffices until 2106
  };
  bool expired(std::chrono::sys_seconds written, std::chrono::sys_seconds now) const {
    return now - written >= ttl_;
  }
  void write(Slot slot, const TextVector& value, std::chrono::sys_seconds written);
  TextVector read(Slot slot) const;
  /// Of a slot that the policy has let go.
  void empty(Slot slot);

  std::size_t dimensions_;
  std::chrono::seconds ttl_;
  std::size_t bytes_an_entry_ = 0;
  Slot most_entries_;
  Slot entries_ = 0;
  SlotIndex index_;
  TinyLfu policy_;
  std::vector<Facts> facts_;
  std::unique_ptr<char[]> vectors_;  // not touched before it is needed, so not resident either
  std::vector<Slot> free_;           // never empty: one more than entries
};

}  // namespace kefu::embedding
