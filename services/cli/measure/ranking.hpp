#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace kefu::cli {

/// How many places of a ranking are looked at.
inline constexpr std::size_t kRankingDepth = 10;

/// The documents of search hits, best first, each once: a document ranks where its first passage does.
std::vector<std::string> ranked_documents(const nlohmann::json& hits);

/// The first place, counted from 1, that holds any of `expected`; 0 when none of the first kRankingDepth
/// does.
std::size_t rank_of_first(const std::vector<std::string>& ranked, const std::vector<std::string>& expected);

/// nDCG@10 with a gain of 1 for each expected document: the sum of 1 / log2(1 + rank) over those found, by
/// the sum that the best order of `expected` would give.
double ndcg(const std::vector<std::string>& ranked, const std::vector<std::string>& expected);

/// Means over many questions.
class RankingQuality {
 public:
  /// An empty ranking counts as one that found nothing.
  void add(const std::vector<std::string>& ranked, const std::vector<std::string>& expected);

  std::size_t questions() const { return questions_; }
  /// Share of the questions with an expected document among the first `places`, at most kRankingDepth.
  double recall(std::size_t places) const;
  /// Mean of 1 / rank of the first expected document, 0 where it is not among the first ten.
  double mrr() const { return mean(reciprocal_ranks_); }
  double ndcg() const { return mean(gains_); }

 private:
  double mean(double sum) const { return questions_ == 0 ? 0 : sum / static_cast<double>(questions_); }

  std::size_t questions_ = 0;
  std::vector<std::size_t> first_at_ =
      std::vector<std::size_t>(kRankingDepth + 1);  ///< by rank; 0: not found
  double reciprocal_ranks_ = 0;
  double gains_ = 0;
};

}  // namespace kefu::cli
