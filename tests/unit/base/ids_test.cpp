#include <kefu/base/ids.hpp>

#include <gtest/gtest.h>

#include <string>

namespace kefu {
namespace {

TEST(Ids, RandomIdsHaveTheLengthAskedForAndDiffer) {
  EXPECT_EQ(random_id(4).size(), 8U);
  EXPECT_EQ(random_id(16).size(), 32U);
  EXPECT_NE(random_id(), random_id());
}

TEST(Ids, Sha256MatchesThePublishedVectors) {  // FIPS 180-4, examples
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Ids, ASubjectTokenHoldsNothingThatASubjectCannotTake) {
  const std::string token = subject_token("售后 手册.md");
  EXPECT_EQ(token.size(), 32U);
  EXPECT_EQ(token.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_EQ(token, subject_token("售后 手册.md"));
  EXPECT_NE(token, subject_token("售后 手册.txt"));
}

}  // namespace
}  // namespace kefu
