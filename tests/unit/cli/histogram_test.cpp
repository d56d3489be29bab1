#include "measure/histogram.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kefu::cli {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Histogram, CountsEveryLatencyInBucketsThatGrowByTheSameFactor) {
  Latencies latencies;
  for (const auto time : {1ms, 1ms, 3ms, 7ms, 100ms}) latencies.add(time);
  const Histogram histogram = histogram_of(latencies, 8);
  ASSERT_EQ(histogram.buckets.size(), 7U);  // 1 to 128 ms, by doublings
  std::vector<std::size_t> counts;
  for (const auto& bucket : histogram.buckets) {
    EXPECT_DOUBLE_EQ(bucket.to_ms, 2 * bucket.from_ms);
    counts.push_back(bucket.count);
  }
  EXPECT_DOUBLE_EQ(histogram.buckets[0].from_ms, 1);
  EXPECT_THAT(counts, ElementsAre(2, 1, 1, 0, 0, 0, 1));
}

TEST(Histogram, TakesTheFinestBucketsThatFit) {
  Latencies latencies;
  latencies.add(1ms);
  latencies.add(1900us);
  EXPECT_EQ(histogram_of(latencies, 20).buckets.size(), 4U);
  latencies.add(60s);
  EXPECT_LE(histogram_of(latencies, 20).buckets.size(), 20U);
}

TEST(Histogram, OfNothingHasNoLines) { EXPECT_TRUE(histogram_lines(histogram_of({}, 20), 80).empty()); }

TEST(Histogram, OfAMomentThatNoClockCanTellHasOneBucket) {
  Latencies latencies;
  latencies.add(0ns);
  EXPECT_EQ(histogram_of(latencies, 20).buckets.size(), 1U);
}

TEST(Histogram, IsDrawnWithBarsOfTheShareOfTheFullestBucket) {
  const Histogram histogram{{{1, 2, 4}, {2, 4, 1}}};
  const auto lines = histogram_lines(histogram, 54);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0], "1.00 ms - 2.00 ms  4  80.0 %  ██████████");
  EXPECT_EQ(lines[1], "2.00 ms - 4.00 ms  1  20.0 %  ██▌");
}

TEST(UnicodeBar, ShowsEighthsAndNeverNothingForSomething) {
  EXPECT_EQ(unicode_bar(0, 10), "");
  EXPECT_EQ(unicode_bar(1e-9, 10), "▏");
  EXPECT_EQ(unicode_bar(0.5, 3), "█▌");
  EXPECT_EQ(unicode_bar(2, 2), "██");
}

}  // namespace
}  // namespace kefu::cli
