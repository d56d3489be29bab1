#pragma once

#include "dense_search.hpp"
#include "lexical_search.hpp"

#include <cstddef>
#include <vector>

namespace kefu::index {

struct FusionWeights {
  double dense = 1;
  double lexical = 1;
};

/// Joins two rankings by their ranks alone: weight / (60 + rank), summed, as in Cormack, Clarke and
/// Buettcher, "Reciprocal Rank Fusion outperforms Condorcet and individual Rank Learning Methods" (2009). The
/// phrasings of one FAQ row rank as one, with the best phrasing standing for it.
std::vector<kefu::v1::Hit> fuse(const Snapshot& snapshot, const DenseSearch& dense,
                                const LexicalSearch& lexical, FusionWeights weights, std::size_t top_k);

/// One search, whole.
SearchOutcome search(const Snapshot& snapshot, const SearchQuery& query, FusionWeights weights);

}  // namespace kefu::index
