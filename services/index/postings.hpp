#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kefu::index {

/// What stands for a term: a hash of 64 bits, the same on every machine and in every build. Two of a million
/// terms share one with a probability of 3 in 10^8, so that the terms themselves need not be kept.
using TermKey = std::uint64_t;
TermKey term_key(std::string_view term);

/// Which rows hold a term, and how often: the lexical half of a segment. Never changes once built.
///
/// A term's postings are cut into blocks, one for each window of 1024 rows that has any. A posting is 16
/// bits, the row within its window above the frequency. A block knows how good its best row can be, so that a
/// search passes over most blocks.
class Postings {
 public:
  static constexpr std::uint32_t kWindowRows = 1024;
  static constexpr unsigned kFrequencyBits = 6;
  /// Higher frequencies count as this one: BM25 hardly tells them apart.
  static constexpr std::uint32_t kMostFrequency = (1U << kFrequencyBits) - 1;
  static constexpr std::uint32_t kNoTerm = std::numeric_limits<std::uint32_t>::max();
  static constexpr std::uint32_t kDropped = std::numeric_limits<std::uint32_t>::max();

  struct Block {
    std::uint32_t first;   ///< of its postings
    std::uint16_t window;  ///< its rows begin at window * kWindowRows
    std::uint8_t highest;  ///< frequency
    /// Lengths of the shortest rows that hold the term once, twice, more often; of none, or of more terms
    /// than that: the largest number.
    std::array<std::uint16_t, 3> shortest;
  };
  struct Source {
    const Postings* postings;
    std::span<const std::uint32_t> new_rows;  ///< by old row; ascending, kDropped for rows left out
  };

  static std::uint32_t row_of(std::uint16_t posting) { return posting >> kFrequencyBits; }
  static std::uint32_t frequency_of(std::uint16_t posting) { return posting & kMostFrequency; }

  /// Terms of each row, repetitions included.
  static Postings build(std::span<const std::vector<std::string>> terms_of_rows);
  /// One out of several; later sources have the higher new rows.
  static Postings merge(std::span<const Source> sources);

  /// The number of a term here; kNoTerm where no row holds it.
  std::uint32_t find(TermKey term) const;
  /// Number of rows that hold a term.
  std::uint32_t holders(std::uint32_t term) const;
  /// Of each term, how many of the marked rows hold it.
  std::vector<std::uint32_t> count_holders(const std::vector<bool>& rows) const;
  /// How often the rows from `first` and before `end` hold a term, all together.
  std::uint32_t frequency(std::uint32_t term, std::uint32_t first, std::uint32_t end) const;

  /// Ascending by window.
  std::span<const Block> blocks(std::uint32_t term) const;
  /// Ascending by row. `block` is one of this object's.
  std::span<const std::uint16_t> postings(const Block& block) const;

  /// Number of terms of a row.
  std::uint32_t length(std::uint32_t row) const { return lengths_[row]; }
  std::size_t bytes() const;

 private:
  void add(TermKey term, std::uint32_t row, std::uint32_t frequency);
  void finish();

  std::vector<TermKey> terms_;               // ascending
  std::vector<std::uint32_t> first_blocks_;  // by term, and the end
  std::vector<Block> blocks_;                // by term and window, and one that ends the postings
  std::vector<std::uint16_t> postings_;
  std::vector<std::uint32_t> lengths_;  // by row
};

}  // namespace kefu::index
