#include "cached_value.hpp"

#include <gtest/gtest.h>

namespace kefu::embedding {
namespace {

const TextVector kValue{as_kept({0.6F, 0, -0.8F, 0}), 7};

TEST(CachedValue, ComesBackAsItWasKept) {
  const std::string bytes = encode_cached_value("key", kValue);
  EXPECT_EQ(bytes.size(), 8U + 4 * 2 + 8);
  const auto back = decode_cached_value("key", bytes, 4);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->vector, kValue.vector);
  EXPECT_EQ(back->tokens, 7U);
  EXPECT_EQ(as_kept(back->vector), back->vector);
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

}  // namespace
}  // namespace kefu::embedding
