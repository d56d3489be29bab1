#include "dense_search.hpp"

#include <algorithm>
#include <cmath>

namespace kefu::index {

DenseSearch::DenseSearch(const Snapshot& snapshot, const RowFilter& filter, std::span<const float> question,
                         std::string_view model_fingerprint)
    : snapshot_(&snapshot), filter_(&filter), question_(question), board_(snapshot) {
  double sum = 0;
  double sum_of_squares = 0;
  std::uint64_t passages = 0;
  for (std::uint32_t s = 0; s < snapshot.segments.size(); ++s) {
    const LiveSegment& live = snapshot.segments[s];
    const Segment& segment = *live.segment;
    if (question.empty() || segment.dimensions() != question.size()) continue;
    if (segment.model_fingerprint() != model_fingerprint) continue;
    std::vector<float>& scores = board_.of_segment(s);
    segment.matrix().dot(question, scores);
    for (std::uint32_t row = 0; row < segment.rows(); ++row) {
      if (!live.alive(row)) continue;
      sum += scores[row];
      sum_of_squares += double{scores[row]} * scores[row];
      ++passages;
    }
  }
  if (passages == 0) return;
  const double mean = sum / static_cast<double>(passages);
  const double variance = std::max(0.0, sum_of_squares / static_cast<double>(passages) - mean * mean);
  background_.set_mean(static_cast<float>(mean));
  background_.set_deviation(static_cast<float>(std::sqrt(variance)));
  background_.set_passages(passages);
}

std::vector<Scored> DenseSearch::best(std::size_t count) const {
  std::vector<Scored> candidates = board_.best(count, *filter_);
  for (Scored& candidate : candidates) candidate.score = cosine(candidate.segment, candidate.row);
  std::ranges::sort(candidates,
                    [this](const Scored& a, const Scored& b) { return ranks_before(*snapshot_, a, b); });
  return candidates;
}

float DenseSearch::cosine(std::uint32_t segment, std::uint32_t row) const {
  if (board_.of(segment, row) == ScoreBoard::kNone) return 0;
  return dot(question_, snapshot_->segments[segment].segment->entry(row)->vector);
}

std::uint32_t DenseSearch::nearest(std::uint32_t segment, RowRange rows) const {
  std::uint32_t best = rows.first;
  for (std::uint32_t row = rows.first + 1; row < rows.end(); ++row) {
    if (board_.of(segment, row) > board_.of(segment, best)) best = row;
  }
  return best;
}

}  // namespace kefu::index
