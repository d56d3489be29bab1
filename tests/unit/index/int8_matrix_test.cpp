#include "int8_matrix.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace kefu::index {
namespace {

std::vector<float> random_unit(std::mt19937& random, std::size_t dimensions) {
  std::normal_distribution<float> normal;
  std::vector<float> vector(dimensions);
  for (float& x : vector) x = normal(random);
  const float length = std::sqrt(dot(vector, vector));
  for (float& x : vector) x /= length;
  return vector;
}

TEST(Int8Matrix, EveryVariantOfTheKernelGivesTheSameNumbers) {
  std::mt19937 random(1);
  std::uniform_int_distribution<int> byte(-127, 127);
  for (const std::size_t stride : {64U, 384U, 1536U}) {
    std::vector<std::int8_t> query(stride);
    std::vector<std::int8_t> rows(stride * 5);
    for (auto& x : query) x = static_cast<std::int8_t>(byte(random));
    for (auto& x : rows) x = static_cast<std::int8_t>(byte(random));
    std::ranges::fill_n(query.begin(), 32, std::int8_t{127});
    std::ranges::fill_n(rows.begin(), 32, std::int8_t{-127});
    std::vector<std::int32_t> expected(5);
    detail::dot_rows_variants().back()(query.data(), rows.data(), stride, 5, expected.data());
    for (const auto variant : detail::dot_rows_variants()) {
      std::vector<std::int32_t> sums(5);
      variant(query.data(), rows.data(), stride, 5, sums.data());
      EXPECT_EQ(sums, expected);
    }
  }
}

TEST(Int8Matrix, ComesCloseToTheExactDotProduct) {
  std::mt19937 random(2);
  for (const std::size_t dimensions : {3U, 100U, 384U}) {
    Int8Matrix matrix(dimensions);
    std::vector<std::vector<float>> vectors;
    for (int i = 0; i < 300; ++i) matrix.append(vectors.emplace_back(random_unit(random, dimensions)));
    const auto query = random_unit(random, dimensions);
    std::vector<float> scores(matrix.rows());
    matrix.dot(Int8Vector(query), scores);
    for (std::size_t i = 0; i < scores.size(); ++i) EXPECT_NEAR(scores[i], dot(query, vectors[i]), 0.02F);
  }
}

TEST(Int8Matrix, TakesAVectorOfZeros) {
  Int8Matrix matrix(4);
  matrix.append(std::vector<float>{0, 0, 0, 0});
  std::vector<float> scores(1, 7.0F);
  matrix.dot(Int8Vector(std::vector<float>{1, 0, 0, 0}), scores);
  EXPECT_EQ(scores[0], 0.0F);
}

}  // namespace
}  // namespace kefu::index
