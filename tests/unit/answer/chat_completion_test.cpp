#include "chat_completion.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace kefu::answer {
namespace {

constexpr const char* kHello = R"({"choices":[{"index":0,"delta":{"content":"你好"},"finish_reason":null}]})";
constexpr const char* kStop = R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null})";

TEST(ChatRequest, AsksForAStreamWithUsage) {
  const auto body = nlohmann::json::parse(chat_request("m", {{"system", "s"}, {"user", "退货\n\"?\""}}, 77));
  EXPECT_EQ(body, nlohmann::json::parse(R"({"model":"m","temperature":0,"max_tokens":77,"stream":true,
      "stream_options":{"include_usage":true},
      "messages":[{"role":"system","content":"s"},{"role":"user","content":"退货\n\"?\""}]})"));
}

TEST(ChatStreamReader, AddsUpTextUsageAndTheEnd) {
  ChatStreamReader reader;
  EXPECT_EQ(*reader.take(R"({"choices":[{"delta":{"role":"assistant","content":null}}]})"), "");
  EXPECT_EQ(*reader.take(kHello), "你好");
  EXPECT_EQ(*reader.take(R"({"choices":[{"delta":{"reasoning_content":"hm"}}]})"), "");
  EXPECT_EQ(*reader.take(kStop), "");
  EXPECT_EQ(*reader.take(R"({"choices":[],"usage":{"prompt_tokens":12,"completion_tokens":3}})"), "");
  EXPECT_FALSE(reader.done());
  EXPECT_EQ(*reader.take("[DONE]"), "");
  EXPECT_TRUE(reader.done());
  EXPECT_EQ(*reader.take("what comes after the end"), "");
  const auto completion = reader.finish();
  ASSERT_TRUE(completion);
  EXPECT_EQ(completion->prompt_tokens, 12U);
  EXPECT_EQ(completion->completion_tokens, 3U);
  EXPECT_FALSE(completion->cut);
}

TEST(ChatStreamReader, BelievesNoNumberOfTokensThatNoCallCanHave) {
  ChatStreamReader reader;
  ASSERT_TRUE(reader.take(kHello));
  ASSERT_TRUE(reader.take(kStop));
  ASSERT_TRUE(
      reader.take(R"({"choices":[],"usage":{"prompt_tokens":18446744073709551615,"completion_tokens":-1}})"));
  const auto completion = reader.finish();
  ASSERT_TRUE(completion);
  EXPECT_EQ(completion->prompt_tokens, 0U);
  EXPECT_EQ(completion->completion_tokens, 0U);
}

TEST(ChatStreamReader, NoticesTheLimitOfTokens) {
  ChatStreamReader reader;
  ASSERT_TRUE(reader.take(kHello));
  ASSERT_TRUE(reader.take(R"({"choices":[{"delta":{},"finish_reason":"length"}]})"));
  EXPECT_TRUE(reader.finish()->cut);
}

TEST(ChatStreamReader, AcceptsAnEndThatOnlyTheFinishReasonStates) {
  ChatStreamReader reader;
  ASSERT_TRUE(reader.take(kHello));
  ASSERT_TRUE(reader.take(kStop));
  EXPECT_TRUE(reader.finish());
}

TEST(ChatStreamReader, DoesNotTakeABrokenOffStreamForAnAnswer) {
  ChatStreamReader reader;
  ASSERT_TRUE(reader.take(kHello));
  EXPECT_EQ(reader.finish().error().code, Errc::bad_upstream);
}

TEST(ChatStreamReader, DoesNotTakeSilenceForAnAnswer) {
  ChatStreamReader reader;
  ASSERT_TRUE(reader.take("[DONE]"));
  EXPECT_EQ(reader.finish().error().code, Errc::bad_upstream);
}

TEST(ChatStreamReader, RefusesWhatIsNoChunk) {
  for (const auto* const data :
       {"", "hello", "[]", "null", "{}", R"({"choices":3})", R"({"choices":[3]})",
        R"({"choices":[{"delta":{"content":7}}]})", R"({"error":{"message":"out of memory"}})",
        "{\"choices\":[{\"delta\":{\"content\":\"\xff\"}}]}"}) {
    ChatStreamReader reader;
    const auto text = reader.take(data);
    ASSERT_FALSE(text) << data;
    EXPECT_EQ(text.error().code, Errc::bad_upstream);
  }
}

}  // namespace
}  // namespace kefu::answer
