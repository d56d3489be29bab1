#pragma once

#include "bm25.hpp"
#include "max_score.hpp"
#include "row_filter.hpp"
#include "top_list.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace kefu::index {

/// BM25 of a question's terms. Frequencies are those of the living passages alone, so that replicas whose
/// segments differ agree, and of all of them whatever the filter admits.
class LexicalSearch {
 public:
  /// How good a text is among the passages, and how good among FAQ rows and documents, which are longer.
  struct Scores {
    float as_passage = 0;
    float as_unit = 0;
  };

  /// `snapshot` and `filter` outlive this object.
  LexicalSearch(const Snapshot& snapshot, const RowFilter& filter, std::string_view question);

  /// The best `count` admitted passages of those that hold any of the terms.
  std::vector<Scored> best(std::size_t count) const;
  /// Of rows as one text: a passage, or all that a FAQ row or a document says. 0 where they hold none of the
  /// terms.
  Scores scores(std::uint32_t segment, RowRange rows) const;
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
  double rarities_ = 0;                      // of all terms, together
  std::vector<std::vector<HeldTerm>> held_;  // by segment
};

}  // namespace kefu::index
