#include "dense_search.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace kefu::index {
namespace {

struct Moments {
  double sum = 0;
  double sum_of_squares = 0;
  std::uint64_t count = 0;

  void add(double score) {
    sum += score;
    sum_of_squares += score * score;
    ++count;
  }
  /// Many at once, in lanes that the compiler turns into vector instructions. In double, since the order must
  /// not show in the result: replicas whose segments differ agree.
  void add(std::span<const float> scores) {
    constexpr std::size_t kLanes = 16;
    std::array<double, kLanes> sums{};
    std::array<double, kLanes> squares{};
    count += scores.size() / kLanes * kLanes;
    for (; scores.size() >= kLanes; scores = scores.subspan(kLanes)) {
      for (std::size_t lane = 0; lane < kLanes; ++lane) {
        const double score{scores[lane]};
        sums[lane] += score;
        squares[lane] += score * score;
      }
    }
    for (const double each : sums) sum += each;
    for (const double each : squares) sum_of_squares += each;
    for (const float score : scores) add(double{score});
  }
};

}  // namespace

DenseSearch::DenseSearch(const Snapshot& snapshot, const RowFilter& filter, std::span<const float> question,
                         std::string_view model_fingerprint)
    : snapshot_(&snapshot), filter_(&filter), question_(question), board_(snapshot) {
  Moments seen;
  for (std::uint32_t s = 0; s < snapshot.segments.size(); ++s) {
    const LiveSegment& live = snapshot.segments[s];
    const Segment& segment = *live.segment;
    if (question.empty() || segment.dimensions() != question.size()) continue;
    if (segment.model_fingerprint() != model_fingerprint) continue;
    std::vector<float>& scores = board_.of_segment(s);
    segment.matrix().dot(question, scores);
    if (live.dead == nullptr) {
      seen.add(scores);
      continue;
    }
    for (std::uint32_t row = 0; row < segment.rows(); ++row) {
      if (live.alive(row)) seen.add(double{scores[row]});
    }
  }
  if (seen.count == 0) return;
  const double mean = seen.sum / static_cast<double>(seen.count);
  const double variance = std::max(0.0, seen.sum_of_squares / static_cast<double>(seen.count) - mean * mean);
  background_.set_mean(static_cast<float>(mean));
  background_.set_deviation(static_cast<float>(std::sqrt(variance)));
  background_.set_passages(seen.count);
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
