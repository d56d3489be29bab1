#include "measure/latencies.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace kefu::cli {
namespace {

using namespace std::chrono_literals;

TEST(Latencies, GivePercentilesByNearestRank) {
  Latencies latencies;
  for (int i = 100; i >= 1; --i) latencies.add(std::chrono::milliseconds(i));
  EXPECT_DOUBLE_EQ(latencies.percentile_ms(0.5), 50);
  EXPECT_DOUBLE_EQ(latencies.percentile_ms(0.9), 90);
  EXPECT_DOUBLE_EQ(latencies.percentile_ms(0.99), 99);
  EXPECT_DOUBLE_EQ(latencies.percentile_ms(0.999), 100);
  EXPECT_DOUBLE_EQ(latencies.percentile_ms(0), 1);
  EXPECT_DOUBLE_EQ(latencies.max_ms(), 100);
  EXPECT_DOUBLE_EQ(latencies.mean_ms(), 50.5);
}

TEST(Latencies, OfOneAreThatOneAndOfNoneZero) {
  Latencies latencies;
  EXPECT_DOUBLE_EQ(latencies.percentile_ms(0.5), 0);
  EXPECT_DOUBLE_EQ(latencies.mean_ms(), 0);
  latencies.add(1500us);
  EXPECT_DOUBLE_EQ(latencies.percentile_ms(0.01), 1.5);
  EXPECT_EQ(latencies_json(latencies)["p99_9"], 1.5);
}

TEST(Latencies, ArePrintedWithThreeDigits) {
  EXPECT_EQ(format_ms(0.8449), "0.84 ms");
  EXPECT_EQ(format_ms(9.996), "10.0 ms");
  EXPECT_EQ(format_ms(99.96), "100 ms");
  EXPECT_EQ(format_ms(999.6), "1,000 ms");
}

}  // namespace
}  // namespace kefu::cli
