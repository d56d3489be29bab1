#pragma once

#include "kefu/v1/search.pb.h"
#include "row_filter.hpp"
#include "top_list.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace kefu::index {

/// Cosines of a question with all passages of its model, in 8 bits, and in full for those that stand out.
class DenseSearch {
 public:
  /// `snapshot`, `filter` and `question` (of length 1) outlive this object.
  DenseSearch(const Snapshot& snapshot, const RowFilter& filter, std::span<const float> question,
              std::string_view model_fingerprint);

  /// False: no passage has a vector of this model, or there is no question.
  bool possible() const { return background_.passages() != 0; }
  const kefu::v1::ScoreBackground& background() const { return background_; }
  /// The best `count` admitted passages, by cosines in full of those that are best in 8 bits, half as many
  /// again: nearly always the right ones, since the rounding moves a cosine by some thousandths.
  std::vector<Scored> best(std::size_t count) const;
  /// The cosine of one passage, in full; 0 for one of another model.
  float cosine(std::uint32_t segment, std::uint32_t row) const;
  /// That of the rows which is best in 8 bits, where it compares the segment and any of them is admitted.
  std::uint32_t best_of(std::uint32_t segment, RowRange rows) const;
  bool compares(std::uint32_t segment) const { return !scores_[segment].empty(); }

 private:
  std::vector<Scored> best_in_8_bits(std::size_t count) const;

  const Snapshot* snapshot_;
  const RowFilter* filter_;
  std::span<const float> question_;
  std::vector<std::vector<float>> scores_;  // in 8 bits, by segment and row; empty for another model's
  kefu::v1::ScoreBackground background_;
};

}  // namespace kefu::index
