#pragma once

#include "collection.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace kefu::index {

/// A passage of a snapshot, with the score that one kind of search gave it.
struct Scored {
  std::uint32_t segment = 0;
  std::uint32_t row = 0;
  float score = 0;
};

inline const Entry& entry_of(const Snapshot& snapshot, const Scored& scored) {
  return *snapshot.segments[scored.segment].segment->entry(scored.row);
}

/// The order of documents, and of the passages in them.
bool comes_before(const Snapshot& snapshot, const Scored& a, const Scored& b);
/// A better score first. Equal ones in the order above, so that replicas whose segments differ agree.
inline bool ranks_before(const Snapshot& snapshot, const Scored& a, const Scored& b) {
  return a.score != b.score ? a.score > b.score : comes_before(snapshot, a, b);
}

/// The best few of many passages.
class TopList {
 public:
  /// `snapshot` outlives this object.
  TopList(const Snapshot& snapshot, std::size_t count) : snapshot_(&snapshot), count_(count) {}

  /// False: passages with this score are not among the best any more.
  bool may_enter(float score) const { return score >= least(); }
  /// Passages with a lower score are not among the best any more.
  float least() const {
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    if (heap_.size() < count_) return -kInfinity;
    return count_ == 0 ? kInfinity : heap_.front().score;
  }
  void offer(const Scored& candidate);
  /// Empties the list.
  std::vector<Scored> take_best_first();

 private:
  const Snapshot* snapshot_;
  std::size_t count_;
  std::vector<Scored> heap_;  // the worst of the best on top
};

}  // namespace kefu::index
