#include "ranking.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <string_view>

namespace kefu::bench {

namespace {

constexpr std::size_t kDocuments = 10;

double discounted(std::size_t rank) { return 1 / std::log2(1 + static_cast<double>(rank)); }

}  // namespace

void RankingQuality::add(const kefu::v1::SearchResponse& found, const std::vector<std::string>& expected) {
  ++questions_;
  std::set<std::string_view> seen;
  std::size_t first_rank = 0;
  double gained = 0;
  for (std::size_t i = 0; const kefu::v1::Hit& hit : found.hits()) {
    ++i;
    const std::string& document = hit.passage().document_id();
    if (!seen.insert(document).second) continue;
    if (seen.size() > kDocuments) break;
    if (std::ranges::find(expected, document) == expected.end()) continue;
    gained += discounted(seen.size());
    if (first_rank != 0) continue;
    first_rank = seen.size();
    among_first_hits_ += i <= kAnswerHits;
  }
  if (first_rank == 0) return;
  first_ += first_rank == 1;
  among_five_ += first_rank <= 5;
  reciprocal_rank_ += 1 / static_cast<double>(first_rank);
  double ideal = 0;
  for (std::size_t rank = 1; rank <= std::min(kDocuments, expected.size()); ++rank) ideal += discounted(rank);
  gain_ += gained / ideal;
}

double RankingQuality::recall(std::size_t documents) const {
  return mean(static_cast<double>(documents == 1 ? first_ : among_five_));
}

}  // namespace kefu::bench
