#include "score_board.hpp"

#include <algorithm>
#include <span>
#include <tuple>
#include <utility>

namespace kefu::index {

bool ranks_before(const Snapshot& snapshot, const Scored& a, const Scored& b) {
  if (a.score != b.score) return a.score > b.score;
  const Entry& x = entry_of(snapshot, a);
  const Entry& y = entry_of(snapshot, b);
  return std::forward_as_tuple(x.document->token, x.passage.ordinal()) <
         std::forward_as_tuple(y.document->token, y.passage.ordinal());
}

void TopList::offer(const Scored& candidate) {
  const auto before = [this](const Scored& a, const Scored& b) { return ranks_before(*snapshot_, a, b); };
  if (count_ == 0 || (heap_.size() == count_ && !before(candidate, heap_.front()))) return;
  if (heap_.size() == count_) {
    std::ranges::pop_heap(heap_, before);
    heap_.pop_back();
  }
  heap_.push_back(candidate);
  std::ranges::push_heap(heap_, before);
}

std::vector<Scored> TopList::take_best_first() {
  std::ranges::sort(heap_,
                    [this](const Scored& a, const Scored& b) { return ranks_before(*snapshot_, a, b); });
  return std::exchange(heap_, {});
}

std::vector<float>& ScoreBoard::of_segment(std::uint32_t segment) {
  std::vector<float>& scores = scores_[segment];
  if (scores.empty()) scores.assign(snapshot_->segments[segment].segment->rows(), kNone);
  return scores;
}

float ScoreBoard::of(std::uint32_t segment, std::uint32_t row) const {
  return scores_[segment].empty() ? kNone : scores_[segment][row];
}

std::vector<Scored> ScoreBoard::best(std::size_t count, const RowFilter& filter) const {
  TopList top(*snapshot_, count);
  for (std::uint32_t s = 0; s < scores_.size(); ++s) {
    const std::span<const float> scores = scores_[s];
    float least = top.least();  // here, since nearly no row is good enough
    for (std::uint32_t row = 0; row < scores.size(); ++row) {
      if (scores[row] < least || scores[row] == kNone || !filter.admits(s, row)) continue;
      top.offer({s, row, scores[row]});
      least = top.least();
    }
  }
  return top.take_best_first();
}

}  // namespace kefu::index
