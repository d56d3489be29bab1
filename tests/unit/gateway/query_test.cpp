#include "query.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace kefu::gateway {
namespace {

TEST(Query, NamesAParameterThatIsNotKnown) {
  http::RequestHead head;
  const std::vector<std::string_view> known{"kb", "limit"};
  EXPECT_TRUE(allow_only(head, known));
  head.query = {{"kb", "shop"}, {"limit", "5"}};
  EXPECT_TRUE(allow_only(head, known));
  head.query["limt"] = "5";
  const auto refused = allow_only(head, known);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::invalid_argument);
  EXPECT_EQ(refused.error().message, "unknown query parameter \"limt\"");
  head.query = {{std::string(100, 'x') + "\xff", ""}};
  EXPECT_EQ(allow_only(head, known).error().message,
            "unknown query parameter \"" + std::string(64, 'x') + "\"");
}

TEST(Query, GivesNumbersWithinTheirLimits) {
  http::RequestHead head;
  EXPECT_EQ(*query_integer(head, "limit", 1, 100, 50), 50U);
  head.query["limit"] = "100";
  EXPECT_EQ(*query_integer(head, "limit", 1, 100, 50), 100U);
  for (const char* text : {"0", "101", "-1", "+1", "1.0", " 1", "", "x", "99999999999999999999"}) {
    head.query["limit"] = text;
    const auto number = query_integer(head, "limit", 1, 100, 50);
    ASSERT_FALSE(number) << text;
    EXPECT_EQ(number.error().message, "the query parameter \"limit\" must be a whole number from 1 to 100");
  }
}

}  // namespace
}  // namespace kefu::gateway
