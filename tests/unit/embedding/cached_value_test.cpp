#include "cached_value.hpp"

#include <kefu/vector/codec.hpp>

#include <gtest/gtest.h>

#include <random>

namespace kefu::embedding {
namespace {

const DatedVector kValue{{as_kept({0.6F, 0, -0.8F, 0}), 7},
                         std::chrono::sys_seconds(std::chrono::seconds(1'800'000'000))};

TEST(CachedValue, ComesBackAsItWasKept) {
  const std::string bytes = encode_cached_value("key", kValue);
  EXPECT_EQ(bytes.size(), 12U + 4 * 2 + 8);
  const auto back = decode_cached_value("key", bytes, 4);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->value.vector, kValue.value.vector);
  EXPECT_EQ(back->value.tokens, 7U);
  EXPECT_EQ(back->written, kValue.written);
  EXPECT_EQ(as_kept(back->value.vector), back->value.vector);
}

TEST(CachedValue, IsRefusedAfterAnyChangeOfABit) {
  const std::string good = encode_cached_value("key", kValue);
  for (std::size_t i = 0; i < good.size() * 8; ++i) {
    std::string bad = good;
    bad[i / 8] = static_cast<char>(bad[i / 8] ^ (1 << (i % 8)));
    EXPECT_FALSE(decode_cached_value("key", bad, 4)) << "bit " << i;
  }
}

TEST(CachedValue, IsRefusedUnderAnotherKeyOrForAnotherModel) {
  const std::string bytes = encode_cached_value("key", kValue);
  EXPECT_FALSE(decode_cached_value("other", bytes, 4));
  EXPECT_FALSE(decode_cached_value("key", bytes, 8));
}

TEST(CachedValue, IsRefusedWhenCutOrForeign) {
  const std::string bytes = encode_cached_value("key", kValue);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(decode_cached_value("key", bytes.substr(0, size), 4));
  EXPECT_FALSE(decode_cached_value("key", bytes + "x", 4));
  EXPECT_FALSE(decode_cached_value("key", "[0.1, 0.2, 0.3, 0.4]", 4));
}

TEST(CachedValue, LosesLessThanAMillionthOfTheCosine) {
  std::mt19937 random(1);
  std::normal_distribution<float> component;
  for (const std::size_t dimensions : {64U, 384U, 1024U, 4096U}) {
    for (int i = 0; i < 100; ++i) {
      Vector exact(dimensions);
      for (float& each : exact) each = component(random);
      vector::normalize_length(exact);
      const Vector kept = as_kept(exact);
      double cosine = 0;
      double length = 0;
      for (std::size_t c = 0; c < dimensions; ++c) {
        cosine += double{exact[c]} * kept[c];
        length += double{kept[c]} * kept[c];
      }
      EXPECT_GT(cosine, 1 - 1e-6);
      EXPECT_NEAR(length, 1, 1e-6);
    }
  }
}

}  // namespace
}  // namespace kefu::embedding
