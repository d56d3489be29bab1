#include "int8_matrix.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace kefu::index {
namespace {

void quantize(std::span<const float> vector, std::int8_t* codes, float& scale) {
  float largest = 0;
  for (const float x : vector) largest = std::max(largest, std::abs(x));
  scale = largest / 127.0F;
  const float inverse = largest > 0 ? 127.0F / largest : 0.0F;
  for (std::size_t i = 0; i < vector.size(); ++i) {
    codes[i] = static_cast<std::int8_t>(std::lround(std::clamp(vector[i] * inverse, -127.0F, 127.0F)));
  }
}

std::size_t stride_of(std::size_t dimensions) {
  return (dimensions + detail::kInt8Lanes - 1) / detail::kInt8Lanes * detail::kInt8Lanes;
}

constexpr std::size_t kRowsAtATime = 256;

}  // namespace

Int8Vector::Int8Vector(std::span<const float> vector) : codes(stride_of(vector.size()), 0) {
  quantize(vector, codes.data(), scale);
}

Int8Matrix::Int8Matrix(std::size_t dimensions) : dimensions_(dimensions), stride_(stride_of(dimensions)) {}

void Int8Matrix::reserve(std::size_t rows) {
  codes_.reserve(rows * stride_);
  scales_.reserve(rows);
}

void Int8Matrix::append(std::span<const float> vector) {
  codes_.resize(codes_.size() + stride_, 0);
  scales_.push_back(0);
  quantize(vector, codes_.data() + codes_.size() - stride_, scales_.back());
}

void Int8Matrix::append_row_of(const Int8Matrix& other, std::size_t row) {
  const auto first = other.codes_.begin() + static_cast<std::ptrdiff_t>(row * stride_);
  codes_.insert(codes_.end(), first, first + static_cast<std::ptrdiff_t>(stride_));
  scales_.push_back(other.scales_[row]);
}

void Int8Matrix::dot(const Int8Vector& query, std::span<float> out) const {
  static const detail::DotRows dot_rows = detail::dot_rows_variants().front();
  std::array<std::int32_t, kRowsAtATime> sums;
  for (std::size_t begin = 0; begin < rows(); begin += kRowsAtATime) {
    const std::size_t count = std::min(kRowsAtATime, rows() - begin);
    dot_rows(query.codes.data(), codes_.data() + begin * stride_, stride_, count, sums.data());
    for (std::size_t i = 0; i < count; ++i) {
      out[begin + i] = static_cast<float>(sums[i]) * query.scale * scales_[begin + i];
    }
  }
}

float dot(std::span<const float> a, std::span<const float> b) {
  // Independent sums, which the compiler may keep in the lanes of a register.
  constexpr std::size_t kLanes = 16;
  std::array<float, kLanes> sums{};
  std::size_t i = 0;
  for (; i + kLanes <= a.size(); i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) sums[lane] += a[i + lane] * b[i + lane];
  }
  float total = 0;
  for (; i < a.size(); ++i) total += a[i] * b[i];
  for (const float sum : sums) total += sum;
  return total;
}

}  // namespace kefu::index
