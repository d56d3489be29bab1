#include "fake_service.hpp"
#include "kefu/v1/ask.pb.h"
#include "kefu/v1/embedding.pb.h"
#include "kefu/v1/knowledge_base.pb.h"

#include <kefu/http/sse.hpp>
#include <kefu/proto/subjects.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

namespace kefu::gateway {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

constexpr auto kRoute = "/v1/chat/completions";
constexpr auto kQuestion =
    R"({"model":"shop","messages":[{"role":"user","content":"买了鞋"},{"role":"assistant","content":"好"},
        {"role":"user","content":"能退吗?"}]})";
constexpr auto kStreamed =
    R"({"model":"shop","stream":true,"stream_options":{"include_usage":true},
        "messages":[{"role":"user","content":"能退吗?"}]})";

std::string done_event() {
  kefu::v1::AskEvent event;
  event.mutable_done()->set_answer("七天内可退。");
  event.mutable_done()->set_decision(kefu::v1::DECISION_FAQ);
  event.mutable_done()->mutable_usage()->set_prompt_tokens(4);
  event.mutable_done()->mutable_usage()->set_completion_tokens(2);
  return event.SerializeAsString();
}

Task<Result<std::string>> answer(RequestContext, bus::Message message, bus::ReplySink& sink) {
  kefu::v1::AskRequest request;
  EXPECT_TRUE(request.ParseFromString(message.payload));
  EXPECT_EQ(request.kb(), "shop");
  EXPECT_EQ(request.question(), "能退吗?");
  if (request.stream()) {
    kefu::v1::AskEvent event;
    event.mutable_sources()->add_sources()->set_document("returns");
    KEFU_CO_CHECK(sink.send(event.SerializeAsString()));
    for (const char* piece : {"七天内", "可退。"}) {
      event.set_delta(piece);
      KEFU_CO_CHECK(sink.send(event.SerializeAsString()));
    }
  } else {
    EXPECT_EQ(request.history_size(), 2);
  }
  co_return done_event();
}

Task<Result<std::string>> answer_whole(RequestContext, bus::Message, bus::ReplySink&) {
  co_return done_event();
}

Task<Result<std::string>> fail_midway(RequestContext, bus::Message, bus::ReplySink& sink) {
  kefu::v1::AskEvent event;
  event.set_delta("七天");
  KEFU_CO_CHECK(sink.send(event.SerializeAsString()));
  co_return fail(Errc::unavailable, "the index cannot be reached", "secret detail");
}

/// The data of each event, which has no name; "[DONE]" as a string.
std::vector<json> chunks_of(const http::Response& response) {
  std::vector<json> chunks;
  http::SseParser parser;
  for (const http::SseEvent& event : parser.feed(response.body).value()) {
    EXPECT_EQ(event.event, "message");
    chunks.push_back(event.data == "[DONE]" ? json("[DONE]") : json::parse(event.data));
  }
  return chunks;
}

class Chat : public ::testing::Test {
 protected:
  GatewayHarness gateway_;
};

TEST_F(Chat, AnswersInTheFormatOfOpenAi) {
  gateway_.serve(proto::kAsk, answer);
  const auto response = gateway_.post_json(kRoute, kQuestion, {{"X-Request-Id", "c-1"}});
  ASSERT_EQ(response.status, 200) << response.body;
  const json body = json_of(response);
  EXPECT_EQ(body["object"], "chat.completion");
  EXPECT_EQ(body["id"], "chatcmpl-c-1");
  EXPECT_EQ(body["model"], "shop");
  EXPECT_EQ(body["choices"][0]["message"]["content"], "七天内可退。");
  EXPECT_EQ(body["usage"]["total_tokens"], 6);
  EXPECT_EQ(body["kefu"]["decision"], "faq");
}

TEST_F(Chat, StreamsChunks) {
  gateway_.serve(proto::kAsk, answer);
  const auto response = gateway_.post_json(kRoute, kStreamed);
  EXPECT_EQ(response.fields.get("Content-Type"), "text/event-stream");
  const auto chunks = chunks_of(response);
  ASSERT_EQ(chunks.size(), 6U) << response.body;
  EXPECT_EQ(chunks[0]["choices"][0]["delta"]["role"], "assistant");
  EXPECT_EQ(chunks[1]["choices"][0]["delta"]["content"], "七天内");
  EXPECT_EQ(chunks[2]["choices"][0]["delta"]["content"], "可退。");
  EXPECT_EQ(chunks[3]["choices"][0]["finish_reason"], "stop");
  EXPECT_EQ(chunks[3]["kefu"]["decision"], "faq");
  EXPECT_EQ(chunks[4]["usage"]["prompt_tokens"], 4);
  EXPECT_EQ(chunks[5], "[DONE]");
}

TEST_F(Chat, StreamsAnAnswerThatCameAsAWhole) {
  gateway_.serve(proto::kAsk, answer_whole);
  const auto chunks = chunks_of(gateway_.post_json(kRoute, kStreamed));
  ASSERT_EQ(chunks.size(), 5U);
  EXPECT_EQ(chunks[1]["choices"][0]["delta"]["content"], "七天内可退。");
}

TEST_F(Chat, EndsAStreamThatFailsMidwayWithAnErrorAndWithoutDone) {
  gateway_.serve(proto::kAsk, fail_midway);
  const auto response = gateway_.post_json(kRoute, kStreamed, {{"X-Request-Id", "c-2"}});
  const auto chunks = chunks_of(response);
  ASSERT_EQ(chunks.size(), 3U) << response.body;
  EXPECT_EQ(chunks[2]["error"], (json{{"code", "unavailable"},
                                      {"message", "the index cannot be reached"},
                                      {"request_id", "c-2"},
                                      {"type", "server_error"},
                                      {"param", nullptr}}));
}

TEST_F(Chat, ErrorsHaveTheFieldsThatOpenAiClientsRead) {
  const auto wrong = gateway_.post_json(kRoute, R"({"model":"shop","messages":[]})");
  EXPECT_EQ(wrong.status, 400);
  EXPECT_EQ(json_of(wrong)["error"]["type"], "invalid_request_error");
  EXPECT_EQ(json_of(wrong)["error"]["param"], "messages");
  const auto nobody = gateway_.post_json(kRoute, kQuestion);
  EXPECT_EQ(nobody.status, 503);
  EXPECT_EQ(json_of(nobody)["error"]["type"], "server_error");
  const auto method = gateway_.get(kRoute);
  EXPECT_EQ(method.status, 405);
  EXPECT_EQ(method.fields.get("Allow"), "POST");
  EXPECT_EQ(json_of(method)["error"]["code"], "method_not_allowed");
  EXPECT_EQ(json_of(method)["error"]["type"], "invalid_request_error");
  const auto type = gateway_.post_json(kRoute, kQuestion, {{"Content-Type", "text/plain"}});
  EXPECT_EQ(type.status, 415);
  const auto large = gateway_.post_json(
      kRoute,
      json{{"model", "shop"}, {"messages", {{{"role", "user"}, {"content", std::string(600000, 'q')}}}}}
          .dump());
  EXPECT_EQ(large.status, 413);
}

void serve_models(GatewayHarness& gateway) {
  FakeService<kefu::v1::ListKnowledgeBasesRequest, kefu::v1::ListKnowledgeBasesResponse>::serve(
      gateway, proto::kListKnowledgeBases, [](const auto&) {
        kefu::v1::ListKnowledgeBasesResponse response;
        for (const char* name : {"shop", "商店"}) {
          auto& kb = *response.add_knowledge_bases()->mutable_knowledge_base();
          kb.set_name(name);
          kb.set_created_unix_ms(1'700'000'000'123);
        }
        return response;
      });
  FakeService<kefu::v1::GetKnowledgeBaseRequest, kefu::v1::GetKnowledgeBaseResponse>::serve(
      gateway, proto::kGetKnowledgeBase,
      [](const kefu::v1::GetKnowledgeBaseRequest& request) -> Result<kefu::v1::GetKnowledgeBaseResponse> {
        if (request.name() != "商店") return fail(Errc::not_found, "there is no knowledge base of this name");
        kefu::v1::GetKnowledgeBaseResponse response;
        response.mutable_knowledge_base()->set_name(request.name());
        return response;
      });
}

void serve_embedding_model(GatewayHarness& gateway) {
  FakeService<kefu::v1::GetModelRequest, kefu::v1::GetModelResponse>::serve(
      gateway, proto::kGetModel, [](const auto&) {
        kefu::v1::GetModelResponse response;
        response.set_model("intfloat/e5-small");
        response.set_dimensions(2);
        return response;
      });
}

TEST_F(Chat, ModelsAreTheKnowledgeBasesAndTheEmbeddingModel) {
  serve_models(gateway_);
  const auto without = gateway_.get("/v1/models");
  EXPECT_EQ(json_of(without)["data"].size(), 2U) << without.body;
  serve_embedding_model(gateway_);
  const json body = json_of(gateway_.get("/v1/models"));
  EXPECT_EQ(body["object"], "list");
  ASSERT_EQ(body["data"].size(), 3U);
  EXPECT_EQ(body["data"][0],
            (json{{"id", "shop"}, {"object", "model"}, {"created", 1'700'000'000}, {"owned_by", "kefu"}}));
  EXPECT_EQ(body["data"][2]["id"], "intfloat/e5-small");
  EXPECT_EQ(body["data"][2]["owned_by"], "kefu-embedding");
  EXPECT_EQ(json_of(gateway_.get("/v1/models/intfloat%2Fe5-small"))["owned_by"], "kefu-embedding");
  EXPECT_EQ(json_of(gateway_.get("/v1/models/%E5%95%86%E5%BA%97"))["id"], "商店");
  const auto unknown = gateway_.get("/v1/models/gpt-4");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(json_of(unknown)["error"]["message"], "there is no model \"gpt-4\"");
  EXPECT_EQ(json_of(unknown)["error"]["type"], "invalid_request_error");
}

TEST_F(Chat, AKeyOfOneKnowledgeBaseSeesAndAsksOnlyThat) {
  serve_models(gateway_);
  serve_embedding_model(gateway_);
  gateway_.serve(proto::kAsk, answer);
  kefu::v1::ApiKey key;
  key.set_role(kefu::v1::ApiKey::ROLE_ASK);
  key.add_kbs("商店");
  const http::Fields fields{{"Authorization", "Bearer " + gateway_.add_key(key)}};
  const auto listed = gateway_.send({.url = gateway_.url("/v1/models"), .fields = fields});
  ASSERT_EQ(json_of(listed)["data"].size(), 2U) << listed.body;
  EXPECT_EQ(json_of(listed)["data"][0]["id"], "商店");
  EXPECT_EQ(gateway_.send({.url = gateway_.url("/v1/models/shop"), .fields = fields}).status, 403);
  EXPECT_EQ(gateway_.post_json(kRoute, kQuestion, fields).status, 403);
  const auto none = gateway_.post_json(kRoute, kQuestion);
  EXPECT_EQ(none.status, 401);
  EXPECT_EQ(json_of(none)["error"]["type"], "authentication_error");
}

}  // namespace
}  // namespace kefu::gateway
