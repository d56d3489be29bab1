#include <kefu/base/error.hpp>

#include <gtest/gtest.h>

#include <set>
#include <string_view>

namespace kefu {
namespace {

TEST(Error, EveryCodeHasAWireCodeOfItsOwnAndAStatusOfAnError) {
  std::set<std::string_view> wire_codes;
  for (int i = 0; i <= static_cast<int>(Errc::internal); ++i) {
    const ErrcTraits& row = traits(static_cast<Errc>(i));
    EXPECT_EQ(static_cast<int>(row.code), i);
    EXPECT_FALSE(row.wire_code.empty());
    EXPECT_TRUE(wire_codes.insert(row.wire_code).second) << row.wire_code << " stands twice";
    EXPECT_GE(row.http_status, 400);
    EXPECT_LT(row.http_status, 600);
  }
}

TEST(Error, AWireCodeComesBackAsTheCodeThatSentIt) {
  for (int i = 0; i <= static_cast<int>(Errc::internal); ++i) {
    const auto code = static_cast<Errc>(i);
    EXPECT_EQ(errc_from_wire(traits(code).wire_code), code);
  }
}

TEST(Error, AWireCodeOfANewerVersionCountsAsInternal) {
  EXPECT_EQ(errc_from_wire("from_the_future"), Errc::internal);
  EXPECT_EQ(errc_from_wire(""), Errc::internal);
}

Result<int> half(int value) {
  if (value % 2 != 0) return fail(Errc::invalid_argument, "odd");
  return value / 2;
}
Result<int> quarter(int value) {
  KEFU_TRY(const int once, half(value));
  KEFU_TRY(const int twice, half(once));
  return twice;
}
Result<> must_be_even(int value) {
  KEFU_CHECK(half(value));
  return {};
}

TEST(Error, TryGivesTheValueOrReturnsTheError) {
  EXPECT_EQ(quarter(12), 3);
  const auto failed = quarter(6);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error(), (Error{Errc::invalid_argument, "odd"}));
}

TEST(Error, CheckReturnsTheErrorAndDropsTheValue) {
  EXPECT_TRUE(must_be_even(4));
  EXPECT_EQ(must_be_even(3).error().code, Errc::invalid_argument);
}

}  // namespace
}  // namespace kefu
