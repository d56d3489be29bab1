#pragma once

#include "kefu/v1/search.pb.h"

#include <cstddef>
#include <string>
#include <vector>

namespace kefu::bench {

/// How high the expected documents stand, over many questions. A document
/// ranks where its first passage does.
class RankingQuality {
 public:
  /// Passages that a decision looks at: answer's `--top-k`.
  static constexpr std::size_t kAnswerHits = 8;

  void add(const kefu::v1::SearchResponse& found, const std::vector<std::string>& expected);

  /// Share of the questions of which an expected document is among the first `documents` (1, 5).
  double recall(std::size_t documents) const;
  /// Mean of 1 / rank of the first expected document, 0 below the tenth.
  double reciprocal_rank() const { return mean(reciprocal_rank_); }
  /// nDCG@10: every expected document gains 1 / log2(1 + rank), of what they could gain.
  double gain() const { return mean(gain_); }
  /// Share of the questions of which an expected document has a passage among the first kAnswerHits.
  double among_first_hits() const { return mean(static_cast<double>(among_first_hits_)); }

 private:
  double mean(double sum) const { return questions_ == 0 ? 0 : sum / static_cast<double>(questions_); }

  std::size_t questions_ = 0;
  std::size_t first_ = 0;
  std::size_t among_five_ = 0;
  std::size_t among_first_hits_ = 0;
  double reciprocal_rank_ = 0;
  double gain_ = 0;
};

}  // namespace kefu::bench
