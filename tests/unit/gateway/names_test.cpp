#include "names.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace kefu::gateway {
namespace {

using ::testing::HasSubstr;

TEST(Names, TakeChineseAndUpToTheirLimitInBytes) {
  EXPECT_TRUE(validate_filename("退换货 说明 (2).md"));
  EXPECT_TRUE(validate_filename(std::string(255, 'a')));
  EXPECT_THAT(validate_filename(std::string(256, 'a')).error().message, HasSubstr("255"));
  EXPECT_THAT(validate_filename("").error().message, HasSubstr("is empty"));
}

TEST(Names, RefuseSlashesControlCharactersAndBytesThatAreNoText) {
  EXPECT_THAT(validate_filename("../a.md").error().message, HasSubstr("'/'"));
  for (const char* name : {"a\nb", "a\x7f", "a\x1b[31m", "a\xC2\x85z"}) {
    EXPECT_THAT(validate_filename(name).error().message, HasSubstr("control")) << name;
  }
  EXPECT_FALSE(validate_filename(std::string_view("a\0b", 3)));
  EXPECT_THAT(validate_filename("a\xFF.md").error().message, HasSubstr("UTF-8"));
  EXPECT_TRUE(validate_filename("caf\xC3\xA9 \xC2\xA0.md"));  // U+00A0 is no control character
}

TEST(Names, OfFilesAreNotThoseOfFolders) {
  for (const char* name : {".", ".."}) {
    ASSERT_FALSE(validate_filename(name)) << name;
    EXPECT_EQ(validate_filename(name).error().code, Errc::invalid_argument);
  }
  EXPECT_TRUE(validate_filename("..."));
  EXPECT_TRUE(validate_filename(".faq.csv"));
}

}  // namespace
}  // namespace kefu::gateway
