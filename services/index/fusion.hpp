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

/// Joins two rankings by their scores, each brought to 0..1 and weighted: over cosines from what is far from
/// everything in this knowledge base to the nearest passage, over words from none to the best passage.
/// (Bruch, Gai and Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval", 2023, find such sums
/// better than ranks alone.) A passage's words count half for itself and half for all that its FAQ row or
/// document says, after Callan, "Passage-Level Evidence in Document Retrieval" (1994). The phrasings of one
/// FAQ row rank as one, with the nearest phrasing standing for it.
std::vector<kefu::v1::Hit> fuse(const Snapshot& snapshot, const DenseSearch& dense,
                                const LexicalSearch& lexical, FusionWeights weights, std::size_t top_k);

/// One search, whole.
SearchOutcome search(const Snapshot& snapshot, const SearchQuery& query, FusionWeights weights);

}  // namespace kefu::index
