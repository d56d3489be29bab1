#include <kefu/vector/codec.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace kefu::vector {
namespace {

using kefu::v1::VECTOR_FORMAT_FLOAT16;
using kefu::v1::VECTOR_FORMAT_FLOAT32;
using kefu::v1::VECTOR_FORMAT_UNSPECIFIED;

TEST(VectorCodec, GivesBackFloat32Exactly) {
  const std::vector<float> vector{0.1F, -2.5F, 1e-30F, 3e38F, 0};
  const std::string bytes = encode(vector, VECTOR_FORMAT_FLOAT32);
  EXPECT_EQ(bytes.size(), 20U);
  EXPECT_EQ(decode(bytes, VECTOR_FORMAT_FLOAT32, 5).value(), vector);
}

TEST(VectorCodec, WritesFloat16AsIeeeHalfLittleEndian) {
  EXPECT_EQ(encode(std::vector<float>{1.0F, -2.0F, 0.5F, 65504.0F}, VECTOR_FORMAT_FLOAT16),
            std::string("\x00\x3c\x00\xc0\x00\x38\xff\x7b", 8));
}

TEST(VectorCodec, RoundsFloat16ToTheNearestForEveryLengthOfVector) {
  for (std::size_t count = 1; count < 40; ++count) {
    std::vector<float> vector;
    for (std::size_t i = 0; i < count; ++i) vector.push_back(std::sin(static_cast<float>(i + count)));
    const auto back = decode(encode(vector, VECTOR_FORMAT_FLOAT16), VECTOR_FORMAT_FLOAT16, count).value();
    for (std::size_t i = 0; i < count; ++i)
      EXPECT_NEAR(back[i], vector[i], std::abs(vector[i]) / 2048 + 1e-7F);
  }
}

TEST(VectorCodec, RefusesWhatIsNotAVector) {
  EXPECT_EQ(decode("abc", VECTOR_FORMAT_FLOAT16, 1).error().code, Errc::data_corrupt);
  EXPECT_EQ(decode("abcd", VECTOR_FORMAT_FLOAT16, 1).error().code, Errc::data_corrupt);
  EXPECT_EQ(decode("abcd", VECTOR_FORMAT_UNSPECIFIED, 1).error().code, Errc::data_corrupt);
  const std::vector<float> infinite{1, std::numeric_limits<float>::infinity()};
  EXPECT_EQ(decode(encode(infinite, VECTOR_FORMAT_FLOAT32), VECTOR_FORMAT_FLOAT32, 2).error().code,
            Errc::data_corrupt);
  EXPECT_EQ(decode(encode(infinite, VECTOR_FORMAT_FLOAT16), VECTOR_FORMAT_FLOAT16, 2).error().code,
            Errc::data_corrupt);
}

TEST(VectorCodec, ScalesToLengthOneAndRefusesVectorsWithoutDirection) {
  std::vector<float> vector{3, 4};
  EXPECT_TRUE(normalize_length(vector));
  EXPECT_FLOAT_EQ(vector[0], 0.6F);
  EXPECT_FLOAT_EQ(vector[1], 0.8F);
  std::vector<float> zero{0, 0};
  EXPECT_FALSE(normalize_length(zero));
  std::vector<float> odd{1, std::numeric_limits<float>::quiet_NaN()};
  EXPECT_FALSE(normalize_length(odd));
}

}  // namespace
}  // namespace kefu::vector
