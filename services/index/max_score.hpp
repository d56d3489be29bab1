#pragma once

#include "bm25.hpp"
#include "row_filter.hpp"
#include "top_list.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kefu::index {

/// A question's term in one segment.
struct HeldTerm {
  std::uint32_t term = 0;  ///< its number in the segment's postings
  double rarity = 0;
};

/// The best `count` of the admitted passages that hold any of the terms (by segment), exactly as if all of
/// them had been scored. What cannot reach them is passed over: windows of rows of which the bounds of all
/// terms together say so, best windows first, and in the others the postings of common terms but for the rows
/// that rarer ones made candidates. Turtle and Flood, "Query evaluation: strategies and optimizations"
/// (1995), with the bounds of Ding and Suel, "Faster top-k document retrieval using block-max indexes"
/// (2011).
std::vector<Scored> best_by_terms(const Snapshot& snapshot, const RowFilter& filter, const Bm25& bm25,
                                  std::span<const std::vector<HeldTerm>> terms, std::size_t count);

}  // namespace kefu::index
