#pragma once

#include "collection.hpp"
#include "kefu/v1/search.pb.h"

#include <cstdint>
#include <vector>

namespace kefu::index {

/// Which rows of a snapshot a search may return: the living ones that have what a SearchFilter asks for.
class RowFilter {
 public:
  /// `snapshot` outlives this object.
  RowFilter(const Snapshot& snapshot, const kefu::v1::SearchFilter& filter);

  bool admits(std::uint32_t segment, std::uint32_t row) const {
    return snapshot_->segments[segment].alive(row) && (admitted_.empty() || admitted_[segment][row]);
  }

 private:
  const Snapshot* snapshot_;
  std::vector<std::vector<bool>> admitted_;  // by segment and row; empty: all
};

}  // namespace kefu::index
