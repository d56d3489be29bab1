#include "measure/ranking.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace kefu::cli {
namespace {

bool holds(const std::vector<std::string>& documents, const std::string& document) {
  return std::ranges::find(documents, document) != documents.end();
}

double discount(std::size_t rank) { return 1 / std::log2(1 + static_cast<double>(rank)); }

std::vector<std::string> without_repetitions(const std::vector<std::string>& documents) {
  std::vector<std::string> out;
  for (const std::string& document : documents) {
    if (!holds(out, document)) out.push_back(document);
  }
  return out;
}

}  // namespace

std::vector<std::string> ranked_documents(const nlohmann::json& hits) {
  std::vector<std::string> documents;
  for (const nlohmann::json& hit : hits) {
    if (hit.is_object()) documents.push_back(hit.value("document", ""));
  }
  return without_repetitions(documents);
}

std::size_t rank_of_first(const std::vector<std::string>& ranked, const std::vector<std::string>& expected) {
  for (std::size_t i = 0; i < std::min(ranked.size(), kRankingDepth); ++i) {
    if (holds(expected, ranked[i])) return i + 1;
  }
  return 0;
}

double ndcg(const std::vector<std::string>& ranked, const std::vector<std::string>& expected) {
  double gain = 0;
  for (std::size_t i = 0; i < std::min(ranked.size(), kRankingDepth); ++i) {
    if (holds(expected, ranked[i])) gain += discount(i + 1);
  }
  double ideal = 0;
  const std::size_t relevant = without_repetitions(expected).size();
  for (std::size_t i = 0; i < std::min(relevant, kRankingDepth); ++i) ideal += discount(i + 1);
  return ideal == 0 ? 0 : gain / ideal;
}

void RankingQuality::add(const std::vector<std::string>& ranked, const std::vector<std::string>& expected) {
  ++questions_;
  const std::size_t rank = rank_of_first(ranked, expected);
  ++first_at_[rank];
  if (rank != 0) reciprocal_ranks_ += 1 / static_cast<double>(rank);
  gains_ += cli::ndcg(ranked, expected);
}

double RankingQuality::recall(std::size_t places) const {
  double found = 0;
  for (std::size_t rank = 1; rank <= std::min(places, kRankingDepth); ++rank)
    found += static_cast<double>(first_at_[rank]);
  return mean(found);
}

}  // namespace kefu::cli
