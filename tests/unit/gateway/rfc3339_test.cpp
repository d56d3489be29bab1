#include "rfc3339.hpp"

#include <gtest/gtest.h>

namespace kefu::gateway {
namespace {

TEST(Rfc3339, ReadsUtcOffsetsAndFractions) {
  EXPECT_EQ(parse_rfc3339("t", "1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(parse_rfc3339("t", "2027-01-31T12:00:00Z"), 1801396800000);
  EXPECT_EQ(parse_rfc3339("t", "2027-01-31T20:00:00+08:00"), 1801396800000);
  EXPECT_EQ(parse_rfc3339("t", "2027-01-31T07:30:00-04:30"), 1801396800000);
  EXPECT_EQ(parse_rfc3339("t", "2027-01-31T12:00:00.5Z"), 1801396800500);
  EXPECT_EQ(parse_rfc3339("t", "2027-01-31t12:00:00.123456789z"), 1801396800123);
  EXPECT_EQ(parse_rfc3339("t", "2028-02-29T00:00:00Z"), 1835395200000);
}

TEST(Rfc3339, RefusesWhatIsNoTime) {
  for (const char* text :
       {"", "2027-01-31", "2027-01-31T12:00:00", "2027-02-29T00:00:00Z", "2027-13-01T00:00:00Z",
        "2027-01-31T24:00:00Z", "2027-01-31T12:60:00Z", "2027-01-31T12:00:61Z", "2027-01-31T12:00:00.Z",
        "2027-01-31T12:00:00+8", "2027-01-31T12:00:00+08:00 ", "27-01-31T12:00:00Z", "tomorrow",
        "+027-01-31T12:00:00Z"}) {
    EXPECT_FALSE(parse_rfc3339("t", text)) << text;
  }
}

}  // namespace
}  // namespace kefu::gateway
