#include "language.hpp"

#include "code_points.hpp"

#include <gtest/gtest.h>

namespace kefu::answer {
namespace {

TEST(LanguageOf, IsChineseWithAnyHanCharacter) {
  EXPECT_EQ(language_of("怎么退货?"), Language::chinese);
  EXPECT_EQ(language_of("iPhone 壳"), Language::chinese);
  EXPECT_EQ(language_of("𠮷"), Language::chinese);
  EXPECT_EQ(language_of("how do I return it?"), Language::english);
  EXPECT_EQ(language_of("?!,。"), Language::english);
  EXPECT_EQ(language_of(""), Language::english);
}

TEST(FirstCodePoints, NeverCutsOne) {
  EXPECT_EQ(first_code_points("退a货", 0), "");
  EXPECT_EQ(first_code_points("退a货", 1), "退");
  EXPECT_EQ(first_code_points("退a货", 2), "退a");
  EXPECT_EQ(first_code_points("退a货", 9), "退a货");
}

TEST(CodePoints, SkipsBytesThatAreNoUtf8) { EXPECT_EQ(code_points("a\xff退\xe9"), U"a退"); }

}  // namespace
}  // namespace kefu::answer
