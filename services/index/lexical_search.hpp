#pragma once

#include "score_board.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kefu::index {

/// BM25 of a question's terms, as in Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and
/// Beyond" (2009), with k1 = 1.2 and b = 0.75. Frequencies are those of the living passages alone, so that
/// replicas whose segments differ agree.
class LexicalSearch {
 public:
  /// `snapshot` outlives this object.
  LexicalSearch(const Snapshot& snapshot, std::string_view question);

  /// The best `count` passages of those that hold any of the terms.
  std::vector<Scored> best(std::size_t count) const { return board_.best(count); }
  /// 0 for a passage that holds none of them.
  float score(std::uint32_t segment, std::uint32_t row) const;
  /// The share of the question's terms that the passage's text, heading and answer hold, each weighted by its
  /// rarity; 0 for a question without terms.
  float coverage(const Entry& entry) const;

 private:
  struct Term {
    std::uint32_t hash;
    double rarity;
  };

  double rarity(const Snapshot& snapshot, std::string_view term) const;
  void add(const Snapshot& snapshot, std::string_view term, double rarity);

  ScoreBoard board_;
  std::vector<Term> terms_;
};

}  // namespace kefu::index
