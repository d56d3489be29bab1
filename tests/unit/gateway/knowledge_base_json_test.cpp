#include "knowledge_base_json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace kefu::gateway {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

TEST(KnowledgeBaseJson, TakesNoBodyAnEmptyObjectOrADescription) {
  EXPECT_TRUE(parse_put_request(""));
  EXPECT_TRUE(parse_put_request("{}"));
  EXPECT_EQ(parse_put_request(R"({"description":"网店"})")->description(), "网店");
  EXPECT_THAT(parse_put_request(R"({"name":"x"})").error().message, HasSubstr("unknown field \"name\""));
  EXPECT_THAT(parse_put_request(json{{"description", std::string(1001, 'd')}}.dump()).error().message,
              HasSubstr("1000"));
}

TEST(KnowledgeBaseJson, WritesCountsAndTheTimeOfCreation) {
  kefu::v1::ListKnowledgeBasesResponse response;
  auto& entry = *response.add_knowledge_bases();
  entry.mutable_knowledge_base()->set_name("shop");
  entry.mutable_knowledge_base()->set_created_unix_ms(1700000000123);
  entry.set_documents(4);
  entry.set_passages(61);
  const json body = json::parse(knowledge_bases_json(response));
  EXPECT_EQ(body["knowledge_bases"][0], (json{{"name", "shop"},
                                              {"description", ""},
                                              {"created_at", "2023-11-14T22:13:20Z"},
                                              {"documents", 4},
                                              {"passages", 61}}));
  EXPECT_TRUE(json::parse(knowledge_bases_json({}))["knowledge_bases"].empty());
}

}  // namespace
}  // namespace kefu::gateway
