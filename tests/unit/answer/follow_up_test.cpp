#include "flow_fixture.hpp"

#include <gmock/gmock.h>

/// Questions that come after others.
namespace kefu::answer {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST_F(Flow, LooksForAFollowUpQuestionTogetherWithTheLastOne) {
  *request_.add_history() = turn(kefu::v1::Turn::ROLE_CUSTOMER, "扫地机器人 保修 几年？");
  *request_.add_history() = turn(kefu::v1::Turn::ROLE_ASSISTANT, "两年。");
  request_.set_question("那电饭煲呢？");
  search_.reply = clear_faq();
  const auto answer = ask();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->decision(), kefu::v1::DECISION_FAQ);
  EXPECT_THAT(embedding_.asked, ElementsAre("扫地机器人 保修 几年? 那电饭煲呢?"));
  EXPECT_EQ(answer->searched(), "扫地机器人 保修 几年? 那电饭煲呢?");
}

TEST_F(Flow, TakesAQuestionThatStandsAloneAsItIsAfterOthers) {
  *request_.add_history() = turn(kefu::v1::Turn::ROLE_CUSTOMER, "积分怎么用?");
  search_.reply = clear_faq();
  const auto answer = ask();
  ASSERT_TRUE(answer);
  EXPECT_THAT(embedding_.asked, ElementsAre("退货,运费谁出?"));
  EXPECT_EQ(answer->searched(), "");
}

TEST_F(Flow, LooksForAShortQuestionTogetherWithTheLastOneWhereItAloneFindsNothing) {
  *request_.add_history() = turn(kefu::v1::Turn::ROLE_CUSTOMER, "积分怎么用?");
  request_.set_question("几天?");
  const auto answer = ask();
  ASSERT_TRUE(answer);
  EXPECT_THAT(embedding_.asked, ElementsAre("几天?", "积分怎么用? 几天?"));
  EXPECT_EQ(answer->decision(), kefu::v1::DECISION_REFUSED);
  EXPECT_EQ(answer->searched(), "");
}

TEST_F(Flow, RefusesAQuestionAboutSomethingElseRatherThanAnswerTheLastOneAgain) {
  *request_.add_history() = turn(kefu::v1::Turn::ROLE_CUSTOMER, "退货，运费谁出？");
  request_.set_question("明天杭州会下雨吗?");
  const auto answer = ask();
  ASSERT_TRUE(answer);
  EXPECT_THAT(embedding_.asked, ElementsAre("明天杭州会下雨吗?"));
  EXPECT_EQ(answer->decision(), kefu::v1::DECISION_REFUSED);
}

TEST_F(Flow, LetsTheLanguageModelSayAFollowUpQuestionInFull) {
  *request_.add_history() = turn(kefu::v1::Turn::ROLE_CUSTOMER, "扫地机器人保修几年?");
  request_.set_question("那电饭煲呢?");
  llm_.pieces = {"电饭煲", "保修几年？"};
  search_.reply = clear_faq();
  const auto answer = ask(&llm_);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->searched(), "电饭煲保修几年?");
  EXPECT_EQ(answer->usage().prompt_tokens(), 200U);
  ASSERT_EQ(llm_.asked.size(), 1U);
  ASSERT_EQ(llm_.asked[0].size(), 3U);
  EXPECT_EQ(llm_.asked[0][1].content, "扫地机器人保修几年?");
}

TEST_F(Flow, JoinsTheQuestionsWhereTheLanguageModelFailsToSayThemInFull) {
  *request_.add_history() = turn(kefu::v1::Turn::ROLE_CUSTOMER, "扫地机器人保修几年?");
  request_.set_question("那电饭煲呢?");
  llm_.pieces = {};
  llm_.end = fail(Errc::unavailable, "gone");
  search_.reply = clear_faq();
  const auto answer = ask(&llm_);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->searched(), "扫地机器人保修几年? 那电饭煲呢?");
  EXPECT_EQ(answer->degraded(), "joined with the last question without a language model: gone");
}

TEST_F(Flow, RemembersASessionForItsNextQuestion) {
  request_.set_session("s-1");
  search_.reply = clear_faq();
  ASSERT_TRUE(ask());
  request_.set_question("那质量问题呢?");
  const auto answer = ask();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->searched(), "退货,运费谁出? 那质量问题呢?");
  const Turns kept = memory_.sessions["inc-1/s-1"];
  ASSERT_EQ(kept.size(), 4U);
  EXPECT_EQ(kept[1].text(), kFaqAnswer);
  EXPECT_EQ(kept[2].text(), "那质量问题呢?");
}

TEST_F(Flow, LeavesTimeToAnswerWhereASessionIsSlowToBeReadOrKept) {
  request_.set_session("s-1");
  ASSERT_TRUE(ask());
  ASSERT_EQ(memory_.time_given.size(), 2U);
  for (const auto given : memory_.time_given) EXPECT_LE(given, 10s) << "half of the 20 s of this test";
}

TEST_F(Flow, AnswersWithoutTheConversationWhenItCannotBeRead) {
  request_.set_session("s-1");
  memory_.failure = Error{Errc::unavailable, "no Redis"};
  search_.reply = clear_faq();
  const auto answer = ask();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->decision(), kefu::v1::DECISION_FAQ);
  EXPECT_THAT(answer->degraded(), HasSubstr("said before"));
}

}  // namespace
}  // namespace kefu::answer
