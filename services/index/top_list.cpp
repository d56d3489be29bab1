#include "top_list.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace kefu::index {

bool comes_before(const Snapshot& snapshot, const Scored& a, const Scored& b) {
  // Many rows of a large FAQ may hold the same words: their order is known without a look at them.
  if (a.segment == b.segment && snapshot.segments[a.segment].segment->spans().size() == 1)
    return a.row < b.row;
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

}  // namespace kefu::index
