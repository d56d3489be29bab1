#include "ask_json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace kefu::gateway {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using ::testing::HasSubstr;

std::string refusal(const json& body) {
  const auto request = parse_ask_request(body.dump());
  return request ? "" : request.error().message;
}

TEST(AskJson, ReadsEveryField) {
  const auto request = parse_ask_request(
      R"({"kb":"商店","question":"运费谁出?","session":"s-1","stream":true,"top_k":7,"mode":"generative"})");
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->kb(), "商店");
  EXPECT_EQ(request->question(), "运费谁出?");
  EXPECT_EQ(request->session(), "s-1");
  EXPECT_TRUE(request->stream());
  EXPECT_EQ(request->top_k(), 7U);
  EXPECT_EQ(request->mode(), kefu::v1::ASK_MODE_GENERATIVE);
}

TEST(AskJson, LeavesWhatIsNotGivenToTheService) {
  const auto request = parse_ask_request(R"({"kb":"shop","question":"q","session":null})");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->top_k(), 0U);
  EXPECT_EQ(request->mode(), kefu::v1::ASK_MODE_AUTO);
  EXPECT_FALSE(request->stream());
}

TEST(AskJson, RefusesQuestionsThatAreEmptyOrTooLong) {
  EXPECT_THAT(refusal({{"kb", "shop"}, {"question", ""}}), HasSubstr("\"question\" is empty"));
  EXPECT_THAT(refusal({{"kb", "shop"}, {"question", " \n\u3000"}}), HasSubstr("\"question\" is empty"));
  EXPECT_THAT(refusal({{"kb", "shop"}, {"question", "\u200B\uFEFF"}}), HasSubstr("\"question\" is empty"));
  std::string longest;
  for (int i = 0; i < 2000; ++i) longest += "问";
  EXPECT_EQ(refusal({{"kb", "shop"}, {"question", longest}}), "");
  EXPECT_THAT(refusal({{"kb", "shop"}, {"question", longest + "问"}}), HasSubstr("2001 characters"));
}

TEST(AskJson, NamesTheFieldThatIsWrong) {
  EXPECT_THAT(refusal({{"question", "q"}}), HasSubstr("\"kb\" is missing"));
  EXPECT_THAT(refusal({{"kb", "a/b"}, {"question", "q"}}),
              HasSubstr("\"kb\" may have letters, digits, - and _ only"));
  EXPECT_THAT(refusal({{"kb", ""}, {"question", "q"}}), HasSubstr("\"kb\" is empty"));
  EXPECT_THAT(refusal({{"kb", "shop"}, {"question", "q"}, {"session", ""}}),
              HasSubstr("\"session\" is empty"));
  EXPECT_THAT(refusal({{"kb", "shop"}, {"question", "q"}, {"topk", 5}}), HasSubstr("unknown field \"topk\""));
  EXPECT_THAT(refusal({{"kb", "shop"}, {"question", "q"}, {"top_k", 51}}), HasSubstr("\"top_k\""));
  EXPECT_THAT(refusal({{"kb", "shop"}, {"question", "q"}, {"mode", "best"}}), HasSubstr("\"mode\""));
  EXPECT_THAT(refusal({{"kb", "shop"}, {"question", "q"}, {"session", std::string(129, 's')}}),
              HasSubstr("\"session\""));
}

TEST(AskJson, WritesAnAnswerInTheShapeOfTheApi) {
  kefu::v1::Answer answer;
  answer.set_answer("买家承担。");
  answer.set_decision(kefu::v1::DECISION_EXTRACTED);
  answer.set_confidence(0.9F);
  auto& source = *answer.add_sources();
  source.set_document("handbook.md");
  source.set_filename("handbook.md");
  source.set_heading("退换货 > 运费");
  source.set_passage(3);
  source.set_text("运费由买家承担。");
  source.set_score(0.5F);
  source.mutable_span()->set_begin(0);
  source.mutable_span()->set_end(8);
  answer.add_sources()->set_document("faq-1");
  answer.mutable_usage()->set_saved_tokens(12);
  auto& timing = *answer.add_timings();
  timing.set_stage("embed");
  timing.set_microseconds(1250);

  const json body = json::parse(answer_json(answer, 2500us, "req-1"));
  EXPECT_EQ(body["answer"], "买家承担。");
  EXPECT_EQ(body["decision"], "extracted");
  EXPECT_EQ(body["confidence"].dump(), "0.9");
  EXPECT_EQ(body["sources"][0]["heading"], "退换货 > 运费");
  EXPECT_EQ(body["sources"][0]["span"], (json{{"begin", 0}, {"end", 8}}));
  EXPECT_FALSE(body["sources"][1].contains("span"));
  EXPECT_EQ(body["usage"]["saved_tokens"], 12);
  EXPECT_EQ(body["usage"]["prompt_tokens"], 0);
  EXPECT_EQ(body["timings"], (json{{"embed", 1.25}, {"total", 2.5}}));
  EXPECT_FALSE(body.contains("degraded"));
  EXPECT_EQ(body["request_id"], "req-1");
}

TEST(AskJson, SaysWhyALesserWayWasTaken) {
  kefu::v1::Answer answer;
  answer.set_decision(kefu::v1::DECISION_REFUSED);
  answer.set_degraded("the model did not answer");
  const json body = json::parse(answer_json(answer, 1ms, "r"));
  EXPECT_EQ(body["decision"], "refused");
  EXPECT_EQ(body["degraded"], "the model did not answer");
  EXPECT_TRUE(body["sources"].is_array());
}

}  // namespace
}  // namespace kefu::gateway
