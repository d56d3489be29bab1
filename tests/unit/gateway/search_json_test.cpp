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

TEST(SearchJson, ReadsAFilterOfStringsAndLists) {
  const auto request = parse_search_request(
      R"({"question":"运费","filter":{"filename":"faq.csv","document":["a","b"],"category":"退货","kind":["faq","text"]}})");
  ASSERT_TRUE(request) << request.error().message;
  const kefu::v1::SearchFilter& filter = request->filter();
  EXPECT_EQ(filter.filenames(0), "faq.csv");
  EXPECT_EQ(filter.documents_size(), 2);
  EXPECT_EQ(filter.categories(0), "退货");
  EXPECT_EQ(filter.kinds(0), kefu::v1::PASSAGE_KIND_FAQ);
  EXPECT_EQ(filter.kinds(1), kefu::v1::PASSAGE_KIND_TEXT);
  EXPECT_FALSE(parse_search_request(R"({"question":"运费"})")->has_filter());
  for (const auto& [body, message] :
       {std::pair(R"({"kind":"csv"})", "\"filter.kind\" must be \"faq\" or \"text\""),
        std::pair(R"({"filename":[]})", "\"filter.filename\" must hold 1 to 100"),
        std::pair(R"({"row":1})", "unknown field \"filter.row\""), std::pair(R"([])", "must be an object")}) {
    const auto refused = parse_search_request(R"({"question":"q","filter":)" + std::string(body) + "}");
    ASSERT_FALSE(refused) << body;
    EXPECT_THAT(refused.error().message, HasSubstr(message));
  }
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
  hit.mutable_passage()->set_url("https://shop.example/1");
  hit.set_filename("faq.csv");
  response.add_hits()->mutable_passage()->set_heading("退款");
  response.set_lexical_only(true);

  const json body = json::parse(search_json(response, "r"));
  ASSERT_EQ(body["hits"].size(), 2U);
  EXPECT_EQ(body["hits"][0]["document"], "shipping");
  EXPECT_EQ(body["hits"][0]["filename"], "faq.csv");
  EXPECT_EQ(body["hits"][0]["answer"], "买家承担。");
  EXPECT_EQ(body["hits"][0]["url"], "https://shop.example/1");
  EXPECT_EQ(body["hits"][0]["scores"].dump(), R"({"dense":0.9,"fused":0.0325,"lexical":7.25})");
  EXPECT_FALSE(body["hits"][1].contains("answer"));
  EXPECT_FALSE(body["hits"][1].contains("url"));
  EXPECT_TRUE(body.contains("degraded"));
}

}  // namespace
}  // namespace kefu::gateway
