#include "frequency_sketch.hpp"

#include "uniform_hash.hpp"

#include <gtest/gtest.h>

namespace kefu::embedding {
namespace {

using testing::uniform_hash;

TEST(FrequencySketch, KnowsHowOftenAKeyWasAddedUpToItsLimit) {
  FrequencySketch sketch(1000);
  EXPECT_EQ(sketch.estimate(uniform_hash(1)), 0U);
  for (unsigned i = 1; i <= 40; ++i) {
    sketch.add(uniform_hash(1));
    EXPECT_EQ(sketch.estimate(uniform_hash(1)), std::min(i, FrequencySketch::kMost));
  }
  EXPECT_EQ(sketch.estimate(uniform_hash(2)), 0U);
}

TEST(FrequencySketch, NeverCountsTooLittleAndSeldomTooMuch) {
  constexpr unsigned kKeys = 1000;
  FrequencySketch sketch(kKeys);
  for (unsigned key = 0; key < kKeys; ++key) {
    for (unsigned i = 0; i < key % 8; ++i) sketch.add(uniform_hash(key));
  }
  unsigned wrong = 0;
  for (unsigned key = 0; key < kKeys; ++key) {
    EXPECT_GE(sketch.estimate(uniform_hash(key)), key % 8);
    wrong += sketch.estimate(uniform_hash(key)) != key % 8 ? 1 : 0;
  }
  EXPECT_LT(wrong, kKeys / 5);
}

TEST(FrequencySketch, ForgetsHalfAfterTenLookupsAnEntry) {
  constexpr unsigned kEntries = 64;
  FrequencySketch sketch(kEntries);
  for (int i = 0; i < 12; ++i) sketch.add(uniform_hash(0));
  for (unsigned i = 12; i < 10 * kEntries - 1; ++i) sketch.add(uniform_hash(1));
  EXPECT_EQ(sketch.estimate(uniform_hash(0)), 12U);
  sketch.add(uniform_hash(1));
  EXPECT_EQ(sketch.estimate(uniform_hash(0)), 6U);
  EXPECT_EQ(sketch.estimate(uniform_hash(1)), 7U);
}

TEST(FrequencySketch, WorksForTheSmallestCache) {
  FrequencySketch sketch(0);
  for (unsigned i = 0; i < 100; ++i) sketch.add(uniform_hash(i));
  EXPECT_LE(sketch.estimate(uniform_hash(0)), FrequencySketch::kMost);
}

}  // namespace
}  // namespace kefu::embedding
