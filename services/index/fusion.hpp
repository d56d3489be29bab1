#pragma once

#include "collection.hpp"
#include "search_engine.hpp"

namespace kefu::index {

struct FusionWeights {
  double dense = 1;
  double lexical = 0.7;
};

/// One search, whole: two rankings, joined by their scores, each brought to 0..1 and weighted. (Bruch, Gai
/// and Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval", 2023, find such sums better than ranks
/// alone.) Cosines go from what is far from everything in this knowledge base to the nearest passage; words
/// from none to those of the best passage. A passage's words are its own and, for the larger part, all that
/// its FAQ row or document says, after Callan, "Passage-Level Evidence in Document Retrieval" (1994). They
/// weigh less the less of the question any passage holds: where customers word it in their own way, its words
/// say little. The phrasings of one FAQ row rank as one, with the nearest phrasing standing for it.
SearchOutcome search(const Snapshot& snapshot, const SearchQuery& query, FusionWeights weights);

}  // namespace kefu::index
