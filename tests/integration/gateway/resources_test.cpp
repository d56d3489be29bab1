#include "gateway_harness.hpp"
#include "kefu/v1/knowledge_base.pb.h"
#include "kefu/v1/search.pb.h"

#include <kefu/proto/subjects.hpp>

#include <gtest/gtest.h>

namespace kefu::gateway {
namespace {

using nlohmann::json;

template <class Request>
Request parsed(const bus::Message& message) {
  Request request;
  EXPECT_TRUE(request.ParseFromString(message.payload));
  return request;
}

class Resources : public ::testing::Test {
 protected:
  GatewayHarness gateway_;
};

TEST_F(Resources, AKnowledgeBaseIsMadeReadListedAndDeleted) {
  gateway_.serve(proto::kPutKnowledgeBase,
                 [](RequestContext, bus::Message message, bus::ReplySink&) -> Task<Result<std::string>> {
                   const auto request = parsed<kefu::v1::PutKnowledgeBaseRequest>(message);
                   kefu::v1::PutKnowledgeBaseResponse response;
                   response.set_created(!request.description().empty());
                   response.mutable_knowledge_base()->set_name(request.name());
                   response.mutable_knowledge_base()->set_description(request.description());
                   co_return response.SerializeAsString();
                 });
  gateway_.serve(proto::kGetKnowledgeBase,
                 [](RequestContext, bus::Message message, bus::ReplySink&) -> Task<Result<std::string>> {
                   const auto request = parsed<kefu::v1::GetKnowledgeBaseRequest>(message);
                   kefu::v1::GetKnowledgeBaseResponse response;
                   response.mutable_knowledge_base()->set_name(request.name());
                   response.set_passages(61);
                   co_return response.SerializeAsString();
                 });
  gateway_.serve(proto::kListKnowledgeBases,
                 [](RequestContext, bus::Message, bus::ReplySink&) -> Task<Result<std::string>> {
                   kefu::v1::ListKnowledgeBasesResponse response;
                   response.add_knowledge_bases()->mutable_knowledge_base()->set_name("商店");
                   co_return response.SerializeAsString();
                 });
  gateway_.serve(proto::kDeleteKnowledgeBase,
                 [](RequestContext, bus::Message, bus::ReplySink&) -> Task<Result<std::string>> {
                   co_return kefu::v1::DeleteKnowledgeBaseResponse{}.SerializeAsString();
                 });

  const std::string path = gateway_.url("/v1/kbs/%E5%95%86%E5%BA%97");
  const auto created = gateway_.send({.method = "PUT",
                                      .url = path,
                                      .fields = {{"Content-Type", "application/json"}},
                                      .body = R"({"description":"d"})"});
  EXPECT_EQ(created.status, 201) << created.body;
  EXPECT_EQ(json_of(created)["name"], "商店");
  EXPECT_EQ(json_of(created)["description"], "d");
  EXPECT_EQ(gateway_.send({.method = "PUT", .url = path}).status, 200);
  EXPECT_EQ(json_of(gateway_.send({.url = path}))["passages"], 61);
  EXPECT_EQ(json_of(gateway_.get("/v1/kbs"))["knowledge_bases"][0]["name"], "商店");
  const auto deleted = gateway_.send({.method = "DELETE", .url = path});
  EXPECT_EQ(deleted.status, 204);
  EXPECT_TRUE(deleted.body.empty());
  EXPECT_FALSE(deleted.fields.get("X-Request-Id").empty());
}

TEST_F(Resources, ASearchCarriesTheKnowledgeBaseOfItsPath) {
  gateway_.serve(
      proto::kRetrieve,
      [](RequestContext context, bus::Message message, bus::ReplySink&) -> Task<Result<std::string>> {
        const auto request = parsed<kefu::v1::RetrieveRequest>(message);
        EXPECT_EQ(request.kb(), "shop");
        EXPECT_EQ(request.top_k(), 3U);
        EXPECT_EQ(request.filter().kinds_size(), 1);
        EXPECT_EQ(context.request_id, "search-1");
        kefu::v1::RetrieveResponse response;
        response.add_hits()->mutable_passage()->set_text(request.question());
        co_return response.SerializeAsString();
      });
  const auto response =
      gateway_.post_json("/v1/kbs/shop/search", R"({"question":"运费","top_k":3,"filter":{"kind":"faq"}})",
                         {{"X-Request-Id", "search-1"}});
  EXPECT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(json_of(response)["hits"][0]["text"], "运费");
}

TEST_F(Resources, AreUnavailableAtOnceWithoutAServiceAndWithoutNats) {
  const auto nobody = gateway_.get("/v1/kbs");
  EXPECT_EQ(nobody.status, 503) << nobody.body;
  EXPECT_EQ(nobody.fields.get("Retry-After"), "1");
  gateway_.set_connected(false);
  EXPECT_EQ(json_of(gateway_.get("/v1/kbs"))["error"]["code"], "unavailable");
  EXPECT_EQ(json_of(gateway_.post_json("/v1/ask", R"({"kb":"shop","question":"q"})"))["error"]["code"],
            "unavailable");
  // Where nobody is connected there is no other replica to ask.
  EXPECT_EQ(gateway_.metric("kefu_gateway_ask_retries_total"), 0);
  EXPECT_EQ(gateway_.send({.method = "DELETE", .url = gateway_.url("/v1/kbs/shop/documents/a.txt")}).status,
            503);
}

}  // namespace
}  // namespace kefu::gateway
