#include "decide.hpp"

#include "hits.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

namespace kefu::answer {
namespace {

using kefu::v1::ASK_MODE_AUTO;
using kefu::v1::ASK_MODE_EXTRACTIVE;
using kefu::v1::ASK_MODE_GENERATIVE;
using testing::faq_hit;
using testing::found;
using testing::text_hit;

constexpr const char* kQuestion = "退货运费谁出";

/// A verdict on hits whose confidences are given, without the features in between.
class Decisions : public ::testing::Test {
 protected:
  Assessment& add_faq(double confidence) { return add(faq_hit("退货的运费", "我们", 0, 0), confidence); }
  Assessment& add_text(double confidence) { return add(text_hit("运费", "我们出。", 0, 0), confidence); }
  kefu::v1::Decision decision(kefu::v1::AskMode mode, bool llm) {
    return decide(assessments_, mode, llm, weights_).decision;
  }

  DecisionWeights weights_;
  std::vector<Assessment> assessments_;

 private:
  Assessment& add(kefu::v1::Hit hit, double confidence) {
    hits_.push_back(std::make_unique<kefu::v1::Hit>(std::move(hit)));
    return assessments_.emplace_back(hits_.back().get(), Features{}, confidence);
  }
  std::vector<std::unique_ptr<kefu::v1::Hit>> hits_;
};

TEST_F(Decisions, AnswerFromAClearFaqRow) {
  add_faq(0.9);
  EXPECT_EQ(decision(ASK_MODE_AUTO, false), kefu::v1::DECISION_FAQ);
  EXPECT_EQ(decision(ASK_MODE_AUTO, true), kefu::v1::DECISION_FAQ);
  EXPECT_EQ(decision(ASK_MODE_EXTRACTIVE, true), kefu::v1::DECISION_FAQ);
}

TEST_F(Decisions, LetTheModelWordEvenAClearFaqRowInGenerativeMode) {
  add_faq(0.9);
  EXPECT_EQ(decision(ASK_MODE_GENERATIVE, true), kefu::v1::DECISION_GENERATED);
  EXPECT_EQ(decision(ASK_MODE_GENERATIVE, false), kefu::v1::DECISION_FAQ);
}

TEST_F(Decisions, ExtractFromAClearPassageUnlessAModelMayWrite) {
  add_text(0.9);
  EXPECT_EQ(decision(ASK_MODE_AUTO, false), kefu::v1::DECISION_EXTRACTED);
  EXPECT_EQ(decision(ASK_MODE_EXTRACTIVE, true), kefu::v1::DECISION_EXTRACTED);
  EXPECT_EQ(decision(ASK_MODE_AUTO, true), kefu::v1::DECISION_GENERATED);
}

TEST_F(Decisions, AskTheModelWhenThePassagesAreOnlyNear) {
  add_faq((weights_.near_threshold + weights_.faq_threshold) / 2);
  EXPECT_EQ(decision(ASK_MODE_AUTO, true), kefu::v1::DECISION_GENERATED);
  EXPECT_EQ(decision(ASK_MODE_AUTO, false), kefu::v1::DECISION_REFUSED);
  EXPECT_EQ(decision(ASK_MODE_EXTRACTIVE, true), kefu::v1::DECISION_REFUSED);
}

TEST_F(Decisions, RefuseInEveryModeWhenNothingIsNear) {
  add_faq(weights_.near_threshold / 2);
  add_text(weights_.near_threshold / 3);
  for (const auto mode : {ASK_MODE_AUTO, ASK_MODE_EXTRACTIVE, ASK_MODE_GENERATIVE}) {
    EXPECT_EQ(decision(mode, true), kefu::v1::DECISION_REFUSED);
    EXPECT_EQ(decision(mode, false), kefu::v1::DECISION_REFUSED);
  }
}

TEST_F(Decisions, RefuseWithoutHits) {
  const Verdict verdict = decide(assessments_, ASK_MODE_GENERATIVE, true, weights_);
  EXPECT_EQ(verdict.decision, kefu::v1::DECISION_REFUSED);
  EXPECT_EQ(verdict.best, nullptr);
  EXPECT_EQ(verdict.confidence, 0);
}

TEST_F(Decisions, FollowTheMostConfidentHitWhateverItsRank) {
  add_faq(0.6);
  const auto second = assessments_.size();
  add_text(0.9);
  const Verdict verdict = decide(assessments_, ASK_MODE_AUTO, false, weights_);
  EXPECT_EQ(verdict.decision, kefu::v1::DECISION_EXTRACTED);
  EXPECT_EQ(verdict.best, &assessments_[second]);
  EXPECT_DOUBLE_EQ(verdict.confidence, 0.9);
}

TEST_F(Decisions, PreferTheFaqRowOfTwoEquals) {
  add_text(0.9);
  add_faq(0.9);
  EXPECT_EQ(decision(ASK_MODE_AUTO, false), kefu::v1::DECISION_FAQ);
}

TEST(Assess, IsSureOfTheSameQuestionWhateverItsSpelling) {
  const auto response = found({faq_hit("退货,运费谁出?", "我们", 0.99F, 1)});
  const auto assessments = assess("退货运费谁出", response, {});
  EXPECT_EQ(assessments[0].features.exact, 1);
  EXPECT_DOUBLE_EQ(assessments[0].features.likeness, 1);
  EXPECT_GT(assessments[0].confidence, 0.99);
}

TEST(Assess, IsSureOfTheSameQuestionWithoutVectorsToo) {
  auto response = found({faq_hit("退货运费谁出?", "我们", 0, 1)});
  response.set_lexical_only(true);
  EXPECT_GT(assess(kQuestion, response, {})[0].confidence, 0.9);
}

TEST(Assess, TrustsAPassageThatStandsOutAndSharesWords) {
  const auto response = found({text_hit("退货", "退货的运费由我们出。", 0.91F, 0.8F)});
  EXPECT_GT(assess(kQuestion, response, {})[0].confidence, 0.5);
}

TEST(Assess, DoesNotTrustWhatIsNoNearerThanTheRest) {
  const auto response =
      found({faq_hit("怎么成为会员", "注册", 0.84F, 0), text_hit("积分", "积分一年有效。", 0.84F, 0)});
  for (const auto& assessment : assess(kQuestion, response, {})) EXPECT_LT(assessment.confidence, 0.1);
}

TEST(Assess, MeasuresHowFarAHitLeadsTheTwoBestOfOtherRowsAndDocuments) {
  const auto response = found({text_hit("退货", "甲", 0.91F, 0.5F), text_hit("换货", "乙", 0.90F, 0.2F),
                               faq_hit("丙", "答", 0.87F, 0.4F, 1), faq_hit("丁", "答", 0.85F, 0, 2)});
  const auto assessments = assess(kQuestion, response, {});
  EXPECT_NEAR(assessments[0].features.gap, 0.05, 1e-6);  // pieces of one document do not compete
  EXPECT_NEAR(assessments[1].features.gap, 0.04, 1e-6);
  EXPECT_NEAR(assessments[2].features.gap, -0.035, 1e-6);
  EXPECT_NEAR(assessments[0].features.coverage_gap, 0.3, 1e-6);
  EXPECT_NEAR(assessments[3].features.coverage_gap, -0.45, 1e-6);
}

TEST(Assess, MeasuresTheLeadOverASingleOtherHit) {
  const auto response = found({faq_hit("丙", "答", 0.87F, 0.4F, 1), faq_hit("丁", "答", 0.85F, 0.1F, 2)});
  const auto assessments = assess(kQuestion, response, {});
  EXPECT_NEAR(assessments[0].features.gap, 0.02, 1e-6);
  EXPECT_NEAR(assessments[1].features.coverage_gap, -0.3, 1e-6);
}

TEST(Assess, MeasuresWordsByTheSizeOfTheKnowledgeBase) {
  auto response = found({text_hit("", "甲", 0.9F, 0.5F)});
  response.mutable_hits(0)->set_lexical(9);
  response.mutable_background()->set_passages(8102);
  EXPECT_NEAR(assess(kQuestion, response, {})[0].features.lexical, 1, 1e-3);
  response.mutable_background()->set_passages(0);
  EXPECT_TRUE(std::isfinite(assess(kQuestion, response, {})[0].features.lexical));
}

TEST(Assess, SeesNoLeadOfALoneDocument) {
  const auto response = found({text_hit("退货", "甲", 0.91F, 0.5F), text_hit("换货", "乙", 0.90F, 0.2F)});
  EXPECT_EQ(assess(kQuestion, response, {})[0].features.gap, 0);
  EXPECT_EQ(assess(kQuestion, response, {})[0].features.coverage_gap, 0);
}

TEST(Assess, IgnoresCosinesOfALexicalSearch) {
  auto response = found({text_hit("", "甲", 0.99F, 0)});
  response.set_lexical_only(true);
  const auto assessments = assess(kQuestion, response, {});
  EXPECT_EQ(assessments[0].features.cosine, 0);
  EXPECT_EQ(assessments[0].features.gap, 0);
  EXPECT_LT(assessments[0].confidence, 0.1);
}

TEST(OverrideWeights, ReplacesTheNumbersNamed) {
  DecisionWeights weights;
  ASSERT_TRUE(override_weights(weights, " faq.gap = 1.5, text_lexical.bias=-3 ,threshold.near=0.25,"));
  EXPECT_DOUBLE_EQ(weights.faq.gap, 1.5);
  EXPECT_DOUBLE_EQ(weights.text_lexical.bias, -3);
  EXPECT_DOUBLE_EQ(weights.near_threshold, 0.25);
  EXPECT_DOUBLE_EQ(weights.text.gap, DecisionWeights{}.text.gap);
}

TEST(OverrideWeights, NamesWhatItDoesNotUnderstand) {
  DecisionWeights weights;
  for (const auto* const wrong :
       {"faq.z=1", "faq.gap", "faq.gap=", "faq.gap=one", "faq.gap=1e", "faq.gap=nan", "=1"}) {
    const auto result = override_weights(weights, wrong);
    ASSERT_FALSE(result) << wrong;
    EXPECT_EQ(result.error().code, Errc::invalid_argument);
  }
}

TEST(OverrideWeights, CanReachEveryNumberUnderADifferentName) {
  DecisionWeights weights;
  std::set<std::string> names;
  std::set<double*> places;
  for (const auto& [name, place] : named_weights(weights)) {
    names.insert(name);
    places.insert(place);
  }
  EXPECT_EQ(names.size(), sizeof(DecisionWeights) / sizeof(double));
  EXPECT_EQ(places.size(), names.size());
}

}  // namespace
}  // namespace kefu::answer
