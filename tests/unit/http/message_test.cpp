#include <kefu/http/message.hpp>

#include <gtest/gtest.h>

namespace kefu::http {
namespace {

TEST(HttpFields, CompareNamesWithoutRegardToCase) {
  Fields fields{{"Content-Type", "text/plain"}};
  EXPECT_EQ(fields.get("content-TYPE"), "text/plain");
  EXPECT_EQ(fields.get("content"), "");
}

TEST(HttpFields, SetReplacesAndAddAppends) {
  Fields fields;
  fields.set("A", "1");
  fields.set("a", "2");
  fields.add("A", "3");
  EXPECT_EQ(fields.get("A"), "2");
  EXPECT_EQ(std::distance(fields.begin(), fields.end()), 2);
}

TEST(HttpMediaType, DropsParametersSpacesAndCase) {
  EXPECT_EQ(media_type("Application/JSON; charset=utf-8"), "application/json");
  EXPECT_EQ(media_type(" text/csv\t;x"), "text/csv");
  EXPECT_EQ(media_type(""), "");
  EXPECT_EQ(media_type(" ; charset=utf-8"), "");
}

TEST(HttpPercent, DecodesAndLeavesMalformedEscapesAsTheyAre) {
  EXPECT_EQ(percent_decode("a%20b%e9%9E%8b"), "a b鞋");
  EXPECT_EQ(percent_decode("%00"), std::string(1, '\0'));
  for (const std::string text : {"%", "%4", "%zz", "%4z", "100%", "+"}) EXPECT_EQ(percent_decode(text), text);
  EXPECT_EQ(percent_decode("%%41"), "%A");
}

TEST(HttpPercent, EncodesAllButUnreservedCharacters) {
  EXPECT_EQ(percent_encode("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(percent_encode("a b/鞋%"), "a%20b%2F%E9%9E%8B%25");
}

TEST(HttpPercent, DecodesWhatItEncoded) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
  EXPECT_EQ(percent_decode(percent_encode(bytes)), bytes);
}

}  // namespace
}  // namespace kefu::http
