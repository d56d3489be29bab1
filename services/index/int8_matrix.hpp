#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kefu::index {

/// A float vector rounded to 8 bits, with a scale of its own.
struct Int8Vector {
  explicit Int8Vector(std::span<const float> vector);

  std::vector<std::int8_t> codes;  ///< rounded up to whole registers; the rest is zero
  float scale = 0;
};

/// Such vectors, one a row: a quarter of the memory to read, and close enough to choose those whose exact
/// cosines are then computed.
class Int8Matrix {
 public:
  explicit Int8Matrix(std::size_t dimensions = 0);

  void reserve(std::size_t rows);
  void append(std::span<const float> vector);
  /// Copies a row of another matrix of the same dimensions.
  void append_row_of(const Int8Matrix& other, std::size_t row);

  std::size_t dimensions() const { return dimensions_; }
  std::size_t rows() const { return scales_.size(); }
  std::size_t bytes() const { return codes_.size() + scales_.size() * sizeof(float); }

  /// Approximate dot products of `query`, of the same dimensions, with all rows.
  void dot(const Int8Vector& query, std::span<float> out) const;

 private:
  std::size_t dimensions_;
  std::size_t stride_;  // dimensions, rounded up to whole registers; the rest is zero
  std::vector<std::int8_t> codes_;
  std::vector<float> scales_;
};

/// Dot product of two float vectors of the same size.
float dot(std::span<const float> a, std::span<const float> b);

namespace detail {

constexpr std::size_t kInt8Lanes = 64;

/// Dot products of `query` with `count` rows of `stride` bytes, a multiple of kInt8Lanes.
using DotRows = void (*)(const std::int8_t* query, const std::int8_t* rows, std::size_t stride,
                         std::size_t count, std::int32_t* out);

/// Every variant that this processor can run, the fastest first; all give the same numbers.
std::vector<DotRows> dot_rows_variants();

}  // namespace detail
}  // namespace kefu::index
