#include <kefu/directory/kb_name.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace kefu::directory {
namespace {

using ::testing::HasSubstr;

std::string refusal(std::string_view name) {
  const auto checked = check_kb_name(name);
  if (checked) return "";
  EXPECT_EQ(checked.error().code, Errc::invalid_argument) << name;
  return checked.error().message;
}

TEST(KnowledgeBaseNames, TakeLettersOfAnyScriptDigitsHyphensAndUnderscores) {
  for (const std::string name : {"shop", "商店-1", "магазин_2", "A", "हिन्दी", "-", "٣"})
    EXPECT_EQ(refusal(name), "") << name;
  for (const std::string name : {"a b", "a.b", "a/b", "问?", "a\n", "😀", "a\u200B", "½", "Ⅷ", ".."})
    EXPECT_THAT(refusal(name), HasSubstr("letters, digits, - and _")) << name;
  EXPECT_THAT(refusal(std::string("a\0b", 3)), HasSubstr("letters, digits, - and _"));
  EXPECT_THAT(refusal(""), HasSubstr("is empty"));
  EXPECT_THAT(refusal("\xff"), HasSubstr("UTF-8"));
}

TEST(KnowledgeBaseNames, AreMeasuredInCharacters) {
  std::string longest;
  for (int i = 0; i < 64; ++i) longest += "店";
  EXPECT_EQ(refusal(longest), "");
  EXPECT_EQ(refusal(longest + "a"), "the knowledge base's name is longer than 64 characters");
}

}  // namespace
}  // namespace kefu::directory
