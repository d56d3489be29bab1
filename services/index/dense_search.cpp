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
    : snapshot_(&snapshot), filter_(&filter), question_(question), scores_(snapshot.segments.size()) {
  if (question.empty()) return;
  const Int8Vector rounded(question);
  Moments seen;
  for (std::uint32_t s = 0; s < snapshot.segments.size(); ++s) {
    const LiveSegment& live = snapshot.segments[s];
    const Segment& segment = *live.segment;
    if (segment.dimensions() != question.size() || segment.model_fingerprint() != model_fingerprint) continue;
    std::vector<float>& scores = scores_[s];
    scores.resize(segment.rows());
    segment.matrix().dot(rounded, scores);
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
  std::vector<Scored> candidates = best_in_8_bits(count + count / 2);
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (i + 1 < candidates.size()) prefetch(entry_of(*snapshot_, candidates[i + 1]).vector);
    candidates[i].score = cosine(candidates[i].segment, candidates[i].row);
  }
  std::ranges::sort(candidates,
                    [this](const Scored& a, const Scored& b) { return ranks_before(*snapshot_, a, b); });
  candidates.resize(std::min(count, candidates.size()));
  return candidates;
}

std::vector<Scored> DenseSearch::best_in_8_bits(std::size_t count) const {
  TopList top(*snapshot_, count);
  for (std::uint32_t s = 0; s < scores_.size(); ++s) {
    const std::span<const float> scores = scores_[s];
    float least = top.least();  // here, since nearly no row is good enough
    for (std::uint32_t row = 0; row < scores.size(); ++row) {
      if (scores[row] < least || !filter_->admits(s, row)) continue;
      top.offer({s, row, scores[row]});
      least = top.least();
    }
  }
  return top.take_best_first();
}

float DenseSearch::cosine(std::uint32_t segment, std::uint32_t row) const {
  if (!compares(segment)) return 0;
  return dot(question_, snapshot_->segments[segment].segment->entry(row)->vector);
}

std::uint32_t DenseSearch::best_of(std::uint32_t segment, RowRange rows) const {
  const std::span<const float> scores = scores_[segment];
  std::uint32_t best = rows.end();
  for (std::uint32_t row = rows.first; row < rows.end(); ++row) {
    if (!filter_->admits(segment, row)) continue;
    if (best == rows.end() || scores[row] > scores[best]) best = row;
  }
  return best;
}

}  // namespace kefu::index
