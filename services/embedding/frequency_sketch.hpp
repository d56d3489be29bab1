#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kefu::embedding {

/// How often each of many keys was asked for lately, in 8 to 16 bytes an entry of the cache: a count-min
/// sketch of four rows of 4-bit counters, all halved after ten lookups for each entry, so that what was
/// popular last week does not stay so. After Einziger, Friedman and Manes, "TinyLFU: A Highly Efficient Cache
/// Admission Policy" (ACM Transactions on Storage 13/4, 2017); that the four counters of a key lie in one
/// cache line is the layout of Caffeine (github.com/ben-manes/caffeine). Never counts too little, but for
/// kMost and the halving.
class FrequencySketch {
 public:
  static constexpr unsigned kMost = 15;

  explicit FrequencySketch(std::size_t entries);

  /// `hash` is uniform in all its bits.
  void add(std::uint64_t hash);
  unsigned estimate(std::uint64_t hash) const;
  static std::size_t bytes(std::size_t entries);

 private:
  static constexpr unsigned kRows = 4;
  struct Place {
    std::size_t word;
    unsigned shift;
  };
  Place place(std::uint64_t hash, unsigned row) const;
  void halve();

  std::vector<std::uint64_t> words_;  // 16 counters each, 8 words a block
  std::uint64_t block_mask_;
  std::size_t added_ = 0;
  std::size_t halve_at_;
};

}  // namespace kefu::embedding
