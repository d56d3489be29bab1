#include "measure/ranking.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>

namespace kefu::cli {
namespace {

using Names = std::vector<std::string>;

const double kSecond = 1 / std::log2(3.0);  // the gain at the second place
const double kThird = 1 / std::log2(4.0);

TEST(Ranking, PutsADocumentWhereItsFirstPassageIs) {
  const auto hits = nlohmann::json::parse(
      R"([{"document":"a"},{"document":"b"},{"document":"a"},{"document":"c"},"no object"])");
  EXPECT_EQ(ranked_documents(hits), (Names{"a", "b", "c"}));
}

TEST(Ranking, CountsTheFirstOfAnyExpectedDocument) {
  EXPECT_EQ(rank_of_first({"a", "b", "c"}, {"c", "b"}), 2U);
  EXPECT_EQ(rank_of_first({"a"}, {"x"}), 0U);
  EXPECT_EQ(rank_of_first({}, {"x"}), 0U);
  EXPECT_EQ(rank_of_first({"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "x"}, {"x"}), 0U);
}

TEST(Ndcg, IsOneForTheBestOrderAndFallsWithTheRank) {
  EXPECT_DOUBLE_EQ(ndcg({"a", "b", "c"}, {"a"}), 1);
  EXPECT_DOUBLE_EQ(ndcg({"b", "a", "c"}, {"a"}), kSecond);
  EXPECT_DOUBLE_EQ(ndcg({"b", "c", "a"}, {"a"}), 0.5);
  EXPECT_DOUBLE_EQ(ndcg({"a", "b"}, {"b", "a"}), 1);
}

TEST(Ndcg, ComparesSeveralExpectedDocumentsToTheirBestOrder) {
  // One of two at the second place: 0.6309 of 1 + 0.6309.
  EXPECT_DOUBLE_EQ(ndcg({"x", "a"}, {"a", "b"}), kSecond / (1 + kSecond));
  EXPECT_DOUBLE_EQ(ndcg({"a", "x", "b"}, {"a", "b"}), (1 + kThird) / (1 + kSecond));
  EXPECT_DOUBLE_EQ(ndcg({"a"}, {"a", "a"}), 1);  // named twice, it is one
  EXPECT_DOUBLE_EQ(ndcg({"x"}, {"a"}), 0);
}

TEST(RankingQuality, IsTheMeanOverItsQuestions) {
  RankingQuality quality;
  quality.add({"a"}, {"a"});                           // first
  quality.add({"x", "b"}, {"b"});                      // second
  quality.add({"1", "2", "3", "4", "5", "c"}, {"c"});  // sixth
  quality.add({}, {"d"});                              // not found
  EXPECT_EQ(quality.questions(), 4U);
  EXPECT_DOUBLE_EQ(quality.recall(1), 0.25);
  EXPECT_DOUBLE_EQ(quality.recall(5), 0.5);
  EXPECT_DOUBLE_EQ(quality.recall(10), 0.75);
  EXPECT_DOUBLE_EQ(quality.mrr(), (1 + 1.0 / 2 + 1.0 / 6) / 4);
  EXPECT_DOUBLE_EQ(quality.ndcg(), (1 + kSecond + 1 / std::log2(7.0)) / 4);
}

TEST(RankingQuality, OfNothingIsZero) {
  EXPECT_DOUBLE_EQ(RankingQuality().recall(1), 0);
  EXPECT_DOUBLE_EQ(RankingQuality().mrr(), 0);
}

}  // namespace
}  // namespace kefu::cli
