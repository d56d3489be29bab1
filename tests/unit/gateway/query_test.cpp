#include "query.hpp"

#include <gtest/gtest.h>

namespace kefu::gateway {
namespace {

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
