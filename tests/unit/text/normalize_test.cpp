#include <kefu/text/normalize.hpp>

#include <gtest/gtest.h>
#include <unicode/unistr.h>

namespace kefu::text {
namespace {

using namespace std::string_view_literals;

std::string utf8_of(UChar32 c) {
  std::string out;
  return icu::UnicodeString(c).toUTF8String(out);
}

TEST(Normalize, MakesFullWidthFormsPlain) {
  EXPECT_EQ(normalize("怎么退货？"), normalize("怎么退货?"));
  EXPECT_EQ(normalize("ＡＢＣ１２３"), "ABC123");
}

TEST(Normalize, CollapsesWhiteSpaceAndTrims) {
  EXPECT_EQ(normalize("\u3000 a \t\r\n b\u00a0 "), "a b");
  EXPECT_EQ(normalize("  "), "");
}

TEST(Normalize, DropsControlAndInvisibleCharacters) {
  EXPECT_EQ(normalize(std::string_view("a\0b\x07"
                                       "c",
                                       5)),
            "abc");
  EXPECT_EQ(normalize("\uFEFF退\u200B货\x7F"), "退货");
}

TEST(Normalize, LeavesNothingOfWhatIsBlankAndSomethingOfEverythingElse) {
  EXPECT_TRUE(is_blank(""));
  EXPECT_TRUE(is_blank("\0\x01 \u200B\u00AD\uFEFF\u2060\u3000\n"sv));
  EXPECT_FALSE(is_blank("\u200B."));
  EXPECT_FALSE(is_blank("\xFF"));
  for (UChar32 c = 1; c < 0x20000; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    const std::string text = utf8_of(c);
    ASSERT_EQ(is_blank(text), normalize(text).empty()) << std::hex << c;
  }
}

TEST(Normalize, ComposesWhatAControlCharacterHeldApart) { EXPECT_EQ(normalize("e\u200B\u0301"), "\u00e9"); }

TEST(Normalize, IsIdempotent) {
  for (const char* text : {"ｶﾞ ﷺ ①②", "\u00a8 x", "退 货\u0301", "\xff\xfe"}) {
    EXPECT_EQ(normalize(normalize(text)), normalize(text)) << text;
  }
}

TEST(FoldForMatching, IgnoresCasePunctuationAndSpacesAroundChinese) {
  EXPECT_EQ(fold_for_matching("怎么 退货？"), fold_for_matching("“怎么退货”"));
  EXPECT_EQ(fold_for_matching("支持 iPhone 吗?"), fold_for_matching("支持IPHONE吗"));
  EXPECT_EQ(fold_for_matching("Hello,  World!"), "hello world");
}

TEST(FoldForMatching, SeesTraditionalAndSimplifiedChineseAsOne) {
  EXPECT_EQ(fold_for_matching("會員積分怎麼用？"), fold_for_matching("会员积分怎么用"));
  EXPECT_EQ(normalize("會員"), "會員");  // what models see stays as it was written
}

TEST(FoldForMatching, KeepsMarksThatChangeTheMeaning) {
  EXPECT_NE(fold_for_matching("3.14"), fold_for_matching("314"));
  EXPECT_NE(fold_for_matching("C++"), fold_for_matching("C"));
  EXPECT_EQ(fold_for_matching("A3-100。"), "a3-100");
  EXPECT_EQ(fold_for_matching("??"), "");
}

}  // namespace
}  // namespace kefu::text
