#include "chat_json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace kefu::gateway {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

const json kQuestion = json::array({{{"role", "user"}, {"content", "运费谁出?"}}});

json request(const json& more = json::object()) {
  json body{{"model", "shop"}, {"messages", kQuestion}};
  body.update(more);
  return body;
}
std::string refusal(const json& body) {
  const auto parsed = parse_chat_request(body.dump());
  return parsed ? "" : parsed.error().message;
}

TEST(ChatJson, ReadsTheLastMessageAsTheQuestionAndTheOthersAsHistory) {
  const auto parsed =
      parse_chat_request(R"({"model":"商店","stream":true,"stream_options":{"include_usage":true},
      "messages":[{"role":"system","content":"be nice"},{"role":"developer","content":"x"},
                  {"role":"user","content":"买了鞋"},{"role":"assistant","content":"好的","tool_calls":[]},
                  {"role":"assistant","content":null,"refusal":null},
                  {"role":"user","content":[{"type":"text","text":"能退吗"},{"type":"text","text":"?"}]}]})");
  ASSERT_TRUE(parsed) << parsed.error().message;
  const kefu::v1::AskRequest& ask = parsed->ask;
  EXPECT_EQ(ask.kb(), "商店");
  EXPECT_EQ(ask.question(), "能退吗\n?");
  ASSERT_EQ(ask.history_size(), 2);
  EXPECT_EQ(ask.history(0).role(), kefu::v1::Turn::ROLE_CUSTOMER);
  EXPECT_EQ(ask.history(0).text(), "买了鞋");
  EXPECT_EQ(ask.history(1).role(), kefu::v1::Turn::ROLE_ASSISTANT);
  EXPECT_TRUE(ask.stream());
  EXPECT_TRUE(parsed->include_usage);
}

TEST(ChatJson, HandsOnTheLastTwentyMessagesBeforeTheQuestion) {
  json messages = json::array();
  for (int i = 0; i < 25; ++i) messages.push_back({{"role", "user"}, {"content", std::to_string(i)}});
  const auto parsed = parse_chat_request(request({{"messages", messages}}).dump());
  ASSERT_TRUE(parsed);
  ASSERT_EQ(parsed->ask.history_size(), 20);
  EXPECT_EQ(parsed->ask.history(0).text(), "4");
  EXPECT_EQ(parsed->ask.question(), "24");
}

TEST(ChatJson, TakesParametersThatOnlySteerALanguageModel) {
  EXPECT_EQ(refusal(request({{"temperature", 0.2},
                             {"top_p", 1},
                             {"max_tokens", 10},
                             {"n", 1},
                             {"stop", {"a", "b"}},
                             {"seed", 1},
                             {"user", "u"},
                             {"store", false},
                             {"metadata", {{"a", "b"}}},
                             {"tools", json::array()},
                             {"tool_choice", "none"},
                             {"logprobs", false},
                             {"response_format", {{"type", "text"}}},
                             {"max_completion_tokens", nullptr}})),
            "");
}

TEST(ChatJson, NamesWhatItDoesNotDo) {
  const struct {
    json more;
    const char* message;
  } cases[]{
      {{{"n", 2}}, "\"n\" must be a whole number from 1 to 1"},
      {{{"tools", {{{"type", "function"}}}}}, "\"tools\" is not supported"},
      {{{"tool_choice", "auto"}}, "\"tool_choice\" is not supported"},
      {{{"response_format", {{"type", "json_object"}}}}, "\"response_format.type\" must be \"text\""},
      {{{"logprobs", true}}, "\"logprobs\""},
      {{{"modalities", {"text", "audio"}}}, "\"modalities\""},
      {{{"temperature", "hot"}}, "\"temperature\" must be a number"},
      {{{"max_tokens", 1.5}}, "\"max_tokens\" must be a whole number"},
      {{{"stop", {1}}}, "\"stop\" must be a string or a list of strings"},
      {{{"stream_options", {{"include_usage", true}}}}, "\"stream_options\""},
      {{{"question", "q"}}, "unknown field \"question\""},
      {{{"model", nullptr}}, "\"model\" is missing"},
      {{{"model", "a/b"}}, "field \"model\" may have letters, digits, - and _ only"},
      {{{"messages", json::array()}}, "\"messages\" is empty"},
      {{{"messages", "hi"}}, "\"messages\" must be a list of objects"},
      {{{"messages", {1}}}, "\"messages[0]\" must be an object"},
  };
  for (const auto& [more, message] : cases) EXPECT_THAT(refusal(request(more)), HasSubstr(message)) << more;
}

TEST(ChatJson, NamesThePlaceOfAWrongMessage) {
  const struct {
    json last;
    const char* message;
  } cases[]{
      {{{"role", "assistant"}, {"content", "x"}}, "last entry of field \"messages\""},
      {{{"role", "tool"}, {"content", "x"}}, "\"messages[1].role\""},
      {{{"content", "x"}}, "\"messages[1].role\" is missing"},
      {{{"role", "user"}}, "\"messages[1].content\" is missing"},
      {{{"role", "user"}, {"content", " "}}, "\"messages[1].content\" is empty"},
      {{{"role", "user"}, {"content", std::string(2001, 'q')}}, "\"messages[1].content\" has 2001"},
      {{{"role", "user"}, {"content", {{{"type", "image_url"}}}}}, "\"messages[1].content[0].type\""},
      {{{"role", "user"}, {"content", {{{"type", "text"}}}}}, "\"messages[1].content[0].text\" is missing"},
      {{{"role", "user"}, {"content", "x"}, {"id", 1}}, "unknown field \"messages[1].id\""},
      {{{"role", "assistant"}, {"content", "x"}, {"tool_calls", {1}}}, "\"messages[1].tool_calls\""},
  };
  for (const auto& [last, message] : cases) {
    json messages = kQuestion;
    messages.push_back(last);
    EXPECT_THAT(refusal(request({{"messages", messages}})), HasSubstr(message)) << last;
  }
}

TEST(ChatJson, RefusesAMessageThatIsNestedWithoutEnd) {
  const auto parsed = parse_chat_request(R"({"model":"shop","messages":[{"role":"user","content":)" +
                                         std::string(250'000, '[') + std::string(250'000, ']') + "}]}");
  ASSERT_FALSE(parsed);
  EXPECT_THAT(parsed.error().message, HasSubstr("levels deep"));
}

kefu::v1::Answer answer() {
  kefu::v1::Answer answer;
  answer.set_answer("买家承担。");
  answer.set_decision(kefu::v1::DECISION_FAQ);
  answer.set_confidence(0.9F);
  answer.add_sources()->set_url("https://shop.example/shipping");
  answer.mutable_usage()->set_prompt_tokens(7);
  answer.mutable_usage()->set_completion_tokens(3);
  answer.set_searched("鞋子 运费谁出");
  return answer;
}

TEST(ChatJson, WritesACompletion) {
  const json body =
      json::parse(chat_completion_json({.request_id = "r", .model = "shop", .created_unix = 5}, answer()));
  EXPECT_EQ(body["id"], "chatcmpl-r");
  EXPECT_EQ(body["object"], "chat.completion");
  EXPECT_EQ(body["created"], 5);
  EXPECT_EQ(body["choices"][0]["message"]["role"], "assistant");
  EXPECT_EQ(body["choices"][0]["message"]["content"], "买家承担。");
  EXPECT_EQ(body["choices"][0]["finish_reason"], "stop");
  EXPECT_EQ(body["usage"], (json{{"prompt_tokens", 7}, {"completion_tokens", 3}, {"total_tokens", 10}}));
  EXPECT_EQ(body["kefu"]["decision"], "faq");
  EXPECT_EQ(body["kefu"]["confidence"], 0.9);
  EXPECT_EQ(body["kefu"]["sources"][0]["url"], "https://shop.example/shipping");
  EXPECT_EQ(body["kefu"]["searched"], "鞋子 运费谁出");
  EXPECT_EQ(body["kefu"]["request_id"], "r");
  EXPECT_FALSE(body["kefu"].contains("degraded"));
}

TEST(ChatJson, WritesTheChunksOfAStream) {
  const ChatReplyHead head{.request_id = "r", .model = "shop", .created_unix = 5, .include_usage = true};
  EXPECT_EQ(json::parse(chat_role_chunk(head))["choices"][0]["delta"]["role"], "assistant");
  const json text = json::parse(chat_text_chunk(head, "买家"));
  EXPECT_EQ(text["object"], "chat.completion.chunk");
  EXPECT_EQ(text["choices"][0]["delta"]["content"], "买家");
  EXPECT_TRUE(text["choices"][0]["finish_reason"].is_null());
  EXPECT_TRUE(text.contains("usage") && text["usage"].is_null());
  const json end = json::parse(chat_end_chunk(head, answer()));
  EXPECT_EQ(end["choices"][0]["finish_reason"], "stop");
  EXPECT_EQ(end["choices"][0]["delta"], json::object());
  EXPECT_EQ(end["kefu"]["decision"], "faq");
  const json usage = json::parse(chat_usage_chunk(head, answer()));
  EXPECT_EQ(usage["choices"], json::array());
  EXPECT_EQ(usage["usage"]["total_tokens"], 10);
  EXPECT_FALSE(json::parse(chat_text_chunk({.request_id = "r", .model = "m"}, "x")).contains("usage"));
}

}  // namespace
}  // namespace kefu::gateway
