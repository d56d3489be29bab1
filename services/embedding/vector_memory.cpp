#include "vector_memory.hpp"

#include <kefu/vector/codec.hpp>

#include <algorithm>
#include <cstring>
#include <numeric>

namespace kefu::embedding {
namespace {

constexpr auto kFormat = kefu::v1::VECTOR_FORMAT_FLOAT16;

std::size_t bytes_of_vector(std::size_t dimensions) { return dimensions * vector::component_bytes(kFormat); }

/// Of everything that `entries` need.
std::size_t bytes_for(Slot entries, std::size_t bytes_a_slot) {
  return SlotIndex::bytes(entries + 1) + TinyLfu::bytes(entries) + (entries + std::size_t{1}) * bytes_a_slot;
}

Slot entries_within(std::size_t bytes, std::size_t bytes_a_slot) {
  constexpr Slot kMost = Slot{1} << 30;
  Slot fit = 0;
  for (Slot step = kMost; step != 0; step /= 2) {
    if (fit + step <= kMost && bytes_for(fit + step, bytes_a_slot) <= bytes) fit += step;
  }
  return fit;
}

}  // namespace

VectorMemory::VectorMemory(std::size_t bytes, std::size_t dimensions, std::chrono::seconds ttl)
    : dimensions_(dimensions),
      ttl_(ttl),
      most_entries_(entries_within(bytes, bytes_of_vector(dimensions) + sizeof(Facts) + sizeof(Slot))),
      index_(most_entries_ + 1),
      policy_(most_entries_),
      facts_(most_entries_ + std::size_t{1}),
      vectors_(std::make_unique_for_overwrite<char[]>(facts_.size() * bytes_of_vector(dimensions))),
      free_(facts_.size()) {
  const std::size_t all =
      bytes_for(most_entries_, bytes_of_vector(dimensions) + sizeof(Facts) + sizeof(Slot));
  bytes_an_entry_ = most_entries_ == 0 ? 0 : all / most_entries_;
  std::iota(free_.rbegin(), free_.rend(), Slot{0});
}

std::optional<TextVector> VectorMemory::find(const TextKey& key, Lane lane, std::chrono::sys_seconds now) {
  if (lane == Lane::question) policy_.asked(key.digest[0]);
  const auto slot = index_.find(key);
  if (!slot) return std::nullopt;
  if (expired(std::chrono::sys_seconds(std::chrono::seconds(facts_[*slot].written)), now)) {
    policy_.erase(*slot);
    empty(*slot);
    return std::nullopt;
  }
  if (lane == Lane::question) policy_.hit(*slot);
  return read(*slot);
}

void VectorMemory::keep(const TextKey& key, const TextVector& value, Lane lane,
                        std::chrono::sys_seconds written, std::chrono::sys_seconds now) {
  if (most_entries_ == 0 || value.vector.size() != dimensions_ || expired(written, now)) return;
  if (const auto known = index_.find(key)) {
    write(*known, value, written);
    return;
  }
  const Slot slot = free_.back();
  const std::uint64_t hash = key.digest[0];
  if (lane == Lane::import && !policy_.insert_to_spare_room(slot, hash)) return;
  free_.pop_back();
  ++entries_;
  index_.insert(key, slot);
  write(slot, value, written);
  if (lane == Lane::import) return;
  if (const auto out = policy_.insert(slot, hash)) empty(*out);
}

void VectorMemory::empty(Slot slot) {
  index_.erase(slot);
  free_.push_back(slot);
  --entries_;
}

void VectorMemory::write(Slot slot, const TextVector& value, std::chrono::sys_seconds written) {
  facts_[slot] = {value.tokens, static_cast<std::uint32_t>(written.time_since_epoch().count())};
  const std::string bytes = vector::encode(value.vector, kFormat);
  std::memcpy(vectors_.get() + slot * bytes.size(), bytes.data(), bytes.size());
}

/// The same components as those of decode_cached_value(): a text has one vector in every tier.
TextVector VectorMemory::read(Slot slot) const {
  const std::size_t size = bytes_of_vector(dimensions_);
  auto components = vector::decode({vectors_.get() + slot * size, size}, kFormat, dimensions_);
  TextVector value{components ? *std::move(components) : Vector(dimensions_), facts_[slot].tokens};
  vector::normalize_length(value.vector);
  return value;
}

}  // namespace kefu::embedding
