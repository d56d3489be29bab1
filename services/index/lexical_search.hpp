#pragma once

#include "bm25.hpp"
#include "max_score.hpp"
#include "score_board.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace kefu::index {

/// BM25 of a question's terms. Frequencies are those of the living passages alone, so that replicas whose
/// segments differ agree, and of all of them whatever the filter admits.
class LexicalSearch {
 public:
  /// `snapshot` and `filter` outlive this object.
  LexicalSearch(const Snapshot& snapshot, const RowFilter& filter, std::string_view question);

  /// The best `count` admitted passages of those that hold any of the terms.
  std::vector<Scored> best(std::size_t count) const;
  /// 0 for a passage that holds none of them.
  float score(std::uint32_t segment, std::uint32_t row) const;
  /// The same of all that the passage's FAQ row or document says: its phrasings or pieces as one text.
  float score_of_unit(std::uint32_t segment, std::uint32_t row) const;
  /// The share of the question's terms that the passage's text, heading and answer hold, each weighted by its
  /// rarity; 0 for a question without terms.
  float coverage(const Entry& entry) const;

 private:
  struct Term {
    TermKey key;
    double rarity;
  };

  const Snapshot* snapshot_;
  const RowFilter* filter_;
  Bm25 of_passages_;
  Bm25 of_units_;
  std::vector<Term> terms_;                  // by key
  std::vector<std::vector<HeldTerm>> held_;  // by segment
};

}  // namespace kefu::index
