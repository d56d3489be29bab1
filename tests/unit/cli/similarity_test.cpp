#include "commands/similarity.hpp"

#include "commands/import.hpp"

#include <gtest/gtest.h>

namespace kefu::cli {
namespace {

TEST(Cosine, IsOneForTheSameDirectionAndZeroWhereThereIsNone) {
  EXPECT_DOUBLE_EQ(cosine({1, 2}, {2, 4}), 1);
  EXPECT_DOUBLE_EQ(cosine({1, 0}, {0, 1}), 0);
  EXPECT_DOUBLE_EQ(cosine({0, 0}, {1, 1}), 0);
  EXPECT_DOUBLE_EQ(cosine({1}, {1, 1}), 0);
}

TEST(ContentType, ComesFromTheExtension) {
  EXPECT_EQ(*content_type_of("a/常见问题.CSV"), "text/csv");
  EXPECT_EQ(*content_type_of("x.markdown"), "text/markdown");
  EXPECT_FALSE(content_type_of("x.pdf"));
  EXPECT_FALSE(content_type_of("csv"));
}

}  // namespace
}  // namespace kefu::cli
