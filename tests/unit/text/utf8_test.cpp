#include <kefu/text/utf8.hpp>

#include <gtest/gtest.h>

namespace kefu::text {
namespace {

TEST(Utf8, AcceptsEveryLengthOfCodePoint) {
  EXPECT_TRUE(validate_utf8("a\u00e9\u9000\U0001F600"));
  EXPECT_TRUE(validate_utf8(""));
}

TEST(Utf8, NamesTheOffsetOfTheFirstBadByte) {
  const auto result = validate_utf8("退货\xB2\xBB");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::invalid_argument);
  EXPECT_NE(result.error().message.find("offset 6"), std::string::npos) << result.error().message;
}

TEST(Utf8, RefusesSurrogatesOverlongFormsAndCutSequences) {
  EXPECT_FALSE(validate_utf8("\xED\xA0\x80"));
  EXPECT_FALSE(validate_utf8("\xC0\xAF"));
  EXPECT_FALSE(validate_utf8("\xF4\x90\x80\x80"));
  EXPECT_FALSE(validate_utf8("\xE9\x80"));
}

TEST(Utf8, CountsCodePoints) {
  EXPECT_EQ(count_code_points("退a\U0001F600"), 3U);
  EXPECT_EQ(count_code_points(""), 0U);
}

TEST(Utf8, TruncatesWithoutCuttingACodePoint) {
  EXPECT_EQ(truncate_utf8("退货", 5), "退");
  EXPECT_EQ(truncate_utf8("退货", 6), "退货");
  EXPECT_EQ(truncate_utf8("退货", 2), "");
}

}  // namespace
}  // namespace kefu::text
