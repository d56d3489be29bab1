#pragma once

#include "postings.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace kefu::index {

/// Scores as whole numbers: their sum does not depend on the order of the terms, so it is the same whatever
/// was passed over, and on every replica.
using Points = std::uint64_t;
constexpr double kPointsOfOne = 1 << 20;
inline float score_of(Points points) {
  return static_cast<float>(static_cast<double>(points) / kPointsOfOne);
}

/// BM25 as in Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), with
/// its usual parameters.
class Bm25 {
 public:
  /// Of a collection whose texts have `average_length` terms.
  explicit Bm25(double average_length)
      : base_(kSaturation * (1 - kLengthCorrection)),
        slope_(kSaturation * kLengthCorrection / std::max(1.0, average_length)) {}

  /// The logarithm of how rare a term is that `holders` of `texts` texts hold.
  static double rarity(std::uint64_t texts, std::uint64_t holders) {
    const auto n = static_cast<double>(texts);
    const auto df = static_cast<double>(holders);
    return std::log(1 + (n - df + 0.5) / (df + 0.5));
  }

  /// What a term adds to the score of a text of `length` terms that holds it `frequency` times.
  Points gain(double rarity, std::uint32_t frequency, std::uint32_t length) const {
    const double tf = frequency;
    const double points = rarity * (kSaturation + 1) * kPointsOfOne * tf / (tf + base_ + slope_ * length);
    return static_cast<Points>(static_cast<std::int64_t>(points));  // one instruction, unlike to unsigned
  }
  /// The most that it adds to the score of any row of a block.
  Points most(double rarity, const Postings::Block& block) const {
    return std::max({gain(rarity, 1, block.shortest[0]), gain(rarity, 2, block.shortest[1]),
                     gain(rarity, block.highest, block.shortest[2])});
  }

 private:
  static constexpr double kSaturation = 1.2;         // k1: how soon repetitions stop counting
  static constexpr double kLengthCorrection = 0.75;  // b

  double base_;
  double slope_;
};

}  // namespace kefu::index
