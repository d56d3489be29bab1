#include "frequency_sketch.hpp"

#include <algorithm>
#include <bit>

namespace kefu::embedding {
namespace {

constexpr std::size_t kWordsABlock = 8;
constexpr std::size_t kLookupsAnEntry = 10;

std::size_t words_for(std::size_t entries) { return std::bit_ceil(std::max(entries, kWordsABlock)); }

}  // namespace

FrequencySketch::FrequencySketch(std::size_t entries)
    : words_(words_for(entries)),
      block_mask_(words_.size() / kWordsABlock - 1),
      halve_at_(std::max<std::size_t>(entries, 1) * kLookupsAnEntry) {}

std::size_t FrequencySketch::bytes(std::size_t entries) { return words_for(entries) * sizeof(std::uint64_t); }

/// A row is two words of the key's block, 32 counters, of which five bits of the hash choose one. The block
/// comes from the lower half of the hash, the counters from the upper one.
FrequencySketch::Place FrequencySketch::place(std::uint64_t hash, unsigned row) const {
  const auto choice = static_cast<unsigned>(hash >> (32 + 8 * row)) & 31U;
  const std::size_t block = (hash & 0xffffffffU & block_mask_) * kWordsABlock;
  return {block + row * 2UL + choice / 16, (choice % 16) * 4};
}

void FrequencySketch::add(std::uint64_t hash) {
  for (unsigned row = 0; row < kRows; ++row) {
    const Place at = place(hash, row);
    if (((words_[at.word] >> at.shift) & kMost) != kMost) words_[at.word] += std::uint64_t{1} << at.shift;
  }
  if (++added_ >= halve_at_) halve();
}

unsigned FrequencySketch::estimate(std::uint64_t hash) const {
  unsigned least = kMost;
  for (unsigned row = 0; row < kRows; ++row) {
    const Place at = place(hash, row);
    least = std::min(least, static_cast<unsigned>(words_[at.word] >> at.shift) & kMost);
  }
  return least;
}

void FrequencySketch::halve() {
  constexpr std::uint64_t kThreeLowerBitsOfEach = 0x7777777777777777;
  for (std::uint64_t& word : words_) word = (word >> 1) & kThreeLowerBitsOfEach;
  added_ /= 2;
}

}  // namespace kefu::embedding
