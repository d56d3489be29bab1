#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kefu::index {

/// Which rows hold a term, and how often: the lexical half of a segment. Never changes once built.
class Postings {
 public:
  struct Posting {
    std::uint32_t row;
    std::uint32_t frequency;
  };
  static constexpr std::uint32_t kDropped = std::numeric_limits<std::uint32_t>::max();
  struct Source {
    const Postings* postings;
    std::span<const std::uint32_t> new_rows;  ///< by old row; ascending, kDropped for rows left out
  };

  /// Terms of each row, repetitions included.
  static Postings build(std::span<const std::vector<std::string>> terms_of_rows);
  /// One out of several; later sources have the higher new rows.
  static Postings merge(std::span<const Source> sources);

  /// Ascending by row; empty for an unknown term.
  std::span<const Posting> find(std::string_view term) const;
  /// Number of terms of a row.
  std::uint32_t length(std::uint32_t row) const { return lengths_[row]; }

 private:
  void add_term(std::string_view term);

  std::vector<std::string> terms_;   // sorted
  std::vector<std::uint32_t> ends_;  // end of each term's postings in postings_
  std::vector<Posting> postings_;
  std::vector<std::uint32_t> lengths_;  // by row
};

}  // namespace kefu::index
