#include <kefu/usage/money.hpp>
#include <kefu/usage/prices.hpp>

#include <gtest/gtest.h>

#include <limits>

namespace kefu::usage {
namespace {

TEST(Money, SumsOfTinyCostsLoseNothing) {
  Money sum;
  for (int i = 0; i < 1'000'000; ++i) sum += Money::cost(1, 130'000);  // 0.13 for a million tokens
  EXPECT_EQ(sum, Money::of_micros(130'000));
  EXPECT_EQ(sum.text(), "0.13");
}

TEST(Money, IsWrittenInDecimalsRoundedToMillionths) {
  EXPECT_EQ(Money().text(), "0.00");
  EXPECT_EQ(Money::of_micros(12'500'000).text(), "12.50");
  EXPECT_EQ(Money::of_micros(1).text(), "0.000001");
  EXPECT_EQ(Money::cost(1, 499'999).text(), "0.00");
  EXPECT_EQ(Money::cost(1, 500'000).text(), "0.000001");
  EXPECT_EQ(Money::of_micros(1'234'567'890'123).text(), "1234567.890123");
}

TEST(Money, HasRoomForTheLargestNumbers) {
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  Money money = Money::cost(kMost, 1'000'000);
  EXPECT_EQ(money.text(), "18446744073709.551615");
  money += money;
  EXPECT_EQ(money.text(), "36893488147419.10323");
  money -= Money::cost(kMost, 1'000'000);
  EXPECT_EQ(money, Money::cost(kMost, 1'000'000));
}

TEST(Money, ReachesALimitOrAShareOfIt) {
  const Money limit = Money::of_micros(10'000'000);
  EXPECT_FALSE(Money::of_micros(9'999'999).reaches(limit));
  EXPECT_TRUE(Money::of_micros(10'000'000).reaches(limit));
  EXPECT_FALSE(Money::of_micros(7'999'999).reaches(limit, 80));
  EXPECT_TRUE(Money::of_micros(8'000'000).reaches(limit, 80));
  EXPECT_TRUE(Money().reaches(Money())) << "a limit of nothing is always reached";
}

TEST(Money, ReadsDecimals) {
  EXPECT_EQ(parse_micros("12.5"), 12'500'000U);
  EXPECT_EQ(parse_micros("0"), 0U);
  EXPECT_EQ(parse_micros("0.000001"), 1U);
  EXPECT_EQ(parse_micros("1000000000"), 1'000'000'000'000'000U);
  for (const char* wrong : {"", ".", "1.", ".5", "-1", "+1", "1e3", "1,5", "0.0000001", "1000000001", " 1",
                            "99999999999999999999"}) {
    EXPECT_EQ(parse_micros(wrong).error().code, Errc::invalid_argument) << wrong;
  }
  EXPECT_EQ(micros_text(*parse_micros("7.123")), "7.123");
}

TEST(Prices, AreReadForEachModel) {
  const auto prices = Prices::parse("BAAI/bge-m3=0.5, qwen2.5:7b=0.8/2,odd=name=1");
  ASSERT_TRUE(prices) << prices.error().message;
  EXPECT_EQ(prices->of("BAAI/bge-m3"), (Price{500'000, 500'000}));
  EXPECT_EQ(prices->of("qwen2.5:7b"), (Price{800'000, 2'000'000}));
  EXPECT_EQ(prices->of("odd=name"), (Price{1'000'000, 1'000'000}));
  EXPECT_EQ(prices->of("another"), std::nullopt);
  EXPECT_TRUE(Prices::parse("")) << "no price is a setting, too";
  for (const char* wrong : {"bge-m3", "=1", "m=", "m=x", "m=1/", "m=1/2/3", "m=1,m=2", "m=-1"}) {
    EXPECT_EQ(Prices::parse(wrong).error().code, Errc::invalid_argument) << wrong;
  }
}

}  // namespace
}  // namespace kefu::usage
