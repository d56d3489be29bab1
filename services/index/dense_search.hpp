#pragma once

#include "score_board.hpp"

#include <span>
#include <string_view>
#include <vector>

namespace kefu::index {

/// Cosines of a question with all passages of its model: scanned in 8 bits, the best ones computed exactly.
class DenseSearch {
 public:
  /// `snapshot`, `filter` and `question` (of length 1) outlive this object.
  DenseSearch(const Snapshot& snapshot, const RowFilter& filter, std::span<const float> question,
              std::string_view model_fingerprint);

  /// False: no passage has a vector of this model, or there is no question.
  bool possible() const { return background_.passages() != 0; }
  const kefu::v1::ScoreBackground& background() const { return background_; }
  /// The best `count` admitted passages by exact cosine.
  std::vector<Scored> best(std::size_t count) const;
  /// The exact cosine of one passage; 0 for one of another model.
  float cosine(std::uint32_t segment, std::uint32_t row) const;
  /// That of the rows which is nearest, by the approximate cosine.
  std::uint32_t nearest(std::uint32_t segment, RowRange rows) const;

 private:
  const Snapshot* snapshot_;
  const RowFilter* filter_;
  std::span<const float> question_;
  ScoreBoard board_;
  kefu::v1::ScoreBackground background_;
};

}  // namespace kefu::index
