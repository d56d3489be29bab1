#include "model_codes.hpp"

#include "decide.hpp"
#include "hits.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kefu::answer {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ModelCodes, AreFoundAmongOtherWords) {
  EXPECT_THAT(model_codes("PPR-9087的滤芯, iPhone15, v2-3b?"), ElementsAre("PPR9087", "IPHONE15", "V23B"));
}

TEST(ModelCodes, AreNeitherNumbersNorWordsNorMeasures) {
  EXPECT_THAT(model_codes("36码 2024-11-25 hello 7天 90 days M2 175cm 1m75 500ml 220V 1000mAh 10x20cm"),
              IsEmpty());
}

TEST(ModelCodes, AreFoundInAnyPartOfAPassageHoweverTheyAreWritten) {
  const auto hit = testing::text_hit("净水壶 ppr 9087", "滤芯每三个月更换一次。", 0.9F, 1);
  EXPECT_FALSE(lacks_a_code(hit.passage(), {"PPR9087"}));
  EXPECT_TRUE(lacks_a_code(hit.passage(), {"PPR9087", "HMD320"}));
  EXPECT_FALSE(lacks_a_code(hit.passage(), {}));
}

TEST(ModelCodes, OfAnotherProductMakeAPassageNoAnswer) {
  const auto response = testing::found({testing::text_hit("净水壶 PPR-9087", "电池可用两年。", 0.96F, 0.6F)});
  const DecisionWeights weights;
  const double of_this = assess("PPR-9087的电池能用多久", response, weights)[0].confidence;
  const double of_another = assess("HMD-320的电池能用多久", response, weights)[0].confidence;
  EXPECT_GT(of_this, weights.extract_threshold);
  EXPECT_LT(of_another, weights.near_threshold);
}

}  // namespace
}  // namespace kefu::answer
