#include "json_object.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kefu::gateway {
namespace {

using ::testing::HasSubstr;

std::string refusal(std::string_view body) {
  const auto parsed = JsonObject::parse(body);
  return parsed ? "" : parsed.error().message;
}

JsonObject object(std::string_view body) { return *JsonObject::parse(body); }

TEST(JsonObject, NamesThePlaceWhereTheJsonIsBroken) {
  EXPECT_THAT(refusal(R"({"kb":"shop",})"), HasSubstr("byte 14"));
  EXPECT_THAT(refusal(R"({"kb":"shop")"), HasSubstr("malformed JSON"));
  EXPECT_THAT(refusal(""), HasSubstr("empty"));
  EXPECT_THAT(refusal("{} x"), HasSubstr("malformed"));
  EXPECT_THAT(refusal(R"({"question":"\ud800"})"), HasSubstr("malformed"));
}

TEST(JsonObject, RefusesBytesThatAreNoUtf8AndValuesThatAreNoObject) {
  EXPECT_THAT(refusal("{\"kb\":\"\xFF\"}"), HasSubstr("7"));
  EXPECT_THAT(refusal("[]"), HasSubstr("array"));
  EXPECT_THAT(refusal("1e999"), HasSubstr("out of range"));
}

TEST(JsonObject, RefusesNestingThatWouldExhaustAStack) {
  const auto nested = [](std::size_t levels) {
    return R"({"a":)" + std::string(levels, '[') + std::string(levels, ']') + "}";
  };
  EXPECT_THAT(object(nested(30)).allow_only({"kb"}).error().message, HasSubstr("unknown field \"a\""));
  EXPECT_THAT(refusal(nested(40)), HasSubstr("more than 32 levels"));
  EXPECT_THAT(refusal(nested(250'000)), HasSubstr("more than 32 levels"));
  EXPECT_THAT(refusal(std::string(250'000, '[')), HasSubstr("malformed"));
}

TEST(JsonObject, RefusesAFieldThatIsGivenTwice) {
  EXPECT_EQ(refusal(R"({"kb":"shop","question":"q","kb":"mine"})"), "field \"kb\" is given twice");
  EXPECT_EQ(refusal(R"({"kb":"shop","k\u0062":"shop"})"), "field \"kb\" is given twice");
  EXPECT_EQ(refusal(R"({"a":1,"a":1,"b":2,"b":2})"), "field \"a\" is given twice");
  EXPECT_EQ(refusal(R"({"filter":{"kind":"faq","kind":"text"}})"), "field \"kind\" is given twice");
  EXPECT_EQ(refusal(R"({"m":[{"a":1},{"a":2}],"a":{"a":{}},"b":{"m":1}})"), "");
  EXPECT_THAT(refusal(R"({"kb":"shop","kb":"mine")"), HasSubstr("malformed"));
}

TEST(JsonObject, NamesFieldsThatAreUnknownMissingOrOfAnotherType) {
  EXPECT_THAT(object(R"({"kb":1,"colour":2})").allow_only({"kb"}).error().message, HasSubstr("\"colour\""));
  EXPECT_THAT(object("{}").required_string("kb").error().message, HasSubstr("\"kb\" is missing"));
  EXPECT_THAT(object(R"({"kb":null})").required_string("kb").error().message, HasSubstr("missing"));
  EXPECT_THAT(object(R"({"kb":7})").required_string("kb").error().message,
              HasSubstr("must be a string, not number"));
  EXPECT_THAT(object(R"({"stream":"yes"})").optional_bool("stream").error().message,
              HasSubstr("true or false"));
}

TEST(JsonObject, TakesWholeNumbersWithinTheirRangeOnly) {
  EXPECT_EQ(*object(R"({"k":50})").optional_integer("k", 1, 50), 50);
  EXPECT_EQ(*object(R"({"k":12.0})").optional_integer("k", 1, 50), 12);
  EXPECT_EQ(*object(R"({"k":null})").optional_integer("k", 1, 50), std::nullopt);
  for (const char* body : {R"({"k":0})", R"({"k":51})", R"({"k":-1})", R"({"k":1.5})", R"({"k":1e300})",
                           R"({"k":18446744073709551615})"}) {
    EXPECT_THAT(object(body).optional_integer("k", 1, 50).error().message, HasSubstr("from 1 to 50")) << body;
  }
  EXPECT_THAT(object(R"({"k":"5"})").optional_integer("k", 1, 50).error().message, HasSubstr("whole number"));
}

TEST(JsonObject, TakesOneStringOrAListOfThem) {
  EXPECT_EQ(object(R"({"i":"a"})").required_strings("i")->size(), 1U);
  EXPECT_EQ(object(R"({"i":["a","b"]})").required_strings("i")->size(), 2U);
  EXPECT_THAT(object(R"({"i":["a",3]})").required_strings("i").error().message,
              HasSubstr("entry 1 is number"));
  EXPECT_THAT(object(R"({"i":{}})").required_strings("i").error().message, HasSubstr("not object"));
}

}  // namespace
}  // namespace kefu::gateway
