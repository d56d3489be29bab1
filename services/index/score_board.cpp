#include "score_board.hpp"

#include <algorithm>
#include <tuple>

namespace kefu::index {

bool ranks_before(const Snapshot& snapshot, const Scored& a, const Scored& b) {
  if (a.score != b.score) return a.score > b.score;
  const Entry& x = entry_of(snapshot, a);
  const Entry& y = entry_of(snapshot, b);
  return std::forward_as_tuple(x.document->token, x.passage.ordinal()) <
         std::forward_as_tuple(y.document->token, y.passage.ordinal());
}

std::vector<float>& ScoreBoard::of_segment(std::uint32_t segment) {
  std::vector<float>& scores = scores_[segment];
  if (scores.empty()) scores.assign(snapshot_->segments[segment].segment->rows(), kNone);
  return scores;
}

float ScoreBoard::of(std::uint32_t segment, std::uint32_t row) const {
  return scores_[segment].empty() ? kNone : scores_[segment][row];
}

std::vector<Scored> ScoreBoard::best(std::size_t count) const {
  std::vector<Scored> heap;  // the worst of the best on top
  const auto before = [this](const Scored& a, const Scored& b) { return ranks_before(*snapshot_, a, b); };
  for (std::uint32_t s = 0; s < scores_.size(); ++s) {
    for (std::uint32_t row = 0; row < scores_[s].size(); ++row) {
      const Scored candidate{s, row, scores_[s][row]};
      if (candidate.score == kNone || !snapshot_->segments[s].alive(row)) continue;
      if (heap.size() == count && !before(candidate, heap.front())) continue;
      heap.push_back(candidate);
      std::ranges::push_heap(heap, before);
      if (heap.size() <= count) continue;
      std::ranges::pop_heap(heap, before);
      heap.pop_back();
    }
  }
  std::ranges::sort(heap, before);
  return heap;
}

}  // namespace kefu::index
