#pragma once

#include "collection.hpp"
#include "row_filter.hpp"

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

/// A better score first. Equal ones by document and place in it, so that replicas whose segments differ
/// agree.
bool ranks_before(const Snapshot& snapshot, const Scored& a, const Scored& b);

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

/// The scores of one kind of search for all rows of a snapshot.
class ScoreBoard {
 public:
  static constexpr float kNone = -std::numeric_limits<float>::infinity();

  explicit ScoreBoard(const Snapshot& snapshot) : snapshot_(&snapshot), scores_(snapshot.segments.size()) {}

  /// The scores of a segment's rows, kNone at first.
  std::vector<float>& of_segment(std::uint32_t segment);
  /// kNone where there is none.
  float of(std::uint32_t segment, std::uint32_t row) const;
  /// The best `count` of the admitted rows that have a score, best first.
  std::vector<Scored> best(std::size_t count, const RowFilter& filter) const;

 private:
  const Snapshot* snapshot_;
  std::vector<std::vector<float>> scores_;  // empty where a segment takes no part
};

}  // namespace kefu::index
