#include "search_json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace kefu::gateway {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

TEST(SearchJson, ReadsTheQuestionAndHowManyAreWanted) {
  const auto request = parse_search_request(R"({"question":"运费","top_k":20})");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->top_k(), 20U);
  EXPECT_EQ(parse_search_request(R"({"question":"运费"})")->top_k(), 5U);
  EXPECT_THAT(parse_search_request(R"({"question":"运费","top_k":0})").error().message,
              HasSubstr("from 1 to 50"));
  EXPECT_THAT(parse_search_request(R"({"kb":"shop","question":"运费"})").error().message,
              HasSubstr("unknown field \"kb\""));
}

TEST(SearchJson, WritesHitsWithTheirScores) {
  kefu::v1::RetrieveResponse response;
  auto& hit = *response.add_hits();
  hit.set_dense(0.9F);
  hit.set_lexical(7.25F);
  hit.set_fused(0.0325F);
  hit.mutable_passage()->set_document_id("shipping");
  hit.mutable_passage()->set_text("运费谁出?");
  hit.mutable_passage()->set_answer("买家承担。");
  response.add_hits()->mutable_passage()->set_heading("退款");
  response.set_lexical_only(true);

  const json body = json::parse(search_json(response, "r"));
  ASSERT_EQ(body["hits"].size(), 2U);
  EXPECT_EQ(body["hits"][0]["document"], "shipping");
  EXPECT_EQ(body["hits"][0]["answer"], "买家承担。");
  EXPECT_EQ(body["hits"][0]["scores"].dump(), R"({"dense":0.9,"fused":0.0325,"lexical":7.25})");
  EXPECT_FALSE(body["hits"][1].contains("answer"));
  EXPECT_TRUE(body.contains("degraded"));
}

}  // namespace
}  // namespace kefu::gateway
