#include "chat_json.hpp"

#include "answer_json.hpp"
#include "json_text.hpp"

#include <utility>

namespace kefu::gateway {
namespace {

using Json = nlohmann::ordered_json;

Json usage_json(const kefu::v1::Usage& usage) {
  return {{"prompt_tokens", usage.prompt_tokens()},
          {"completion_tokens", usage.completion_tokens()},
          {"total_tokens", usage.prompt_tokens() + usage.completion_tokens()}};
}

/// What OpenAI's format has no place for.
Json kefu_json(const ChatReplyHead& head, const kefu::v1::Answer& answer) {
  Json object = judgement_json(answer);
  object["sources"] = sources_array(answer.sources());
  object["request_id"] = head.request_id;
  return object;
}

Json head_json(const ChatReplyHead& head, const char* object) {
  return {{"id", "chatcmpl-" + head.request_id},
          {"object", object},
          {"created", head.created_unix},
          {"model", head.model}};
}

Json chunk_json(const ChatReplyHead& head, Json choices) {
  Json chunk = head_json(head, "chat.completion.chunk");
  chunk["choices"] = std::move(choices);
  if (head.include_usage) chunk["usage"] = nullptr;
  return chunk;
}

Json choice_json(Json delta, Json finish_reason) {
  return Json::array({{{"index", 0},
                       {"delta", std::move(delta)},
                       {"logprobs", nullptr},
                       {"finish_reason", std::move(finish_reason)}}});
}

}  // namespace

std::string chat_completion_json(const ChatReplyHead& head, const kefu::v1::Answer& answer) {
  Json body = head_json(head, "chat.completion");
  body["choices"] =
      Json::array({{{"index", 0},
                    {"message", {{"role", "assistant"}, {"content", answer.answer()}, {"refusal", nullptr}}},
                    {"logprobs", nullptr},
                    {"finish_reason", "stop"}}});
  body["usage"] = usage_json(answer.usage());
  body["kefu"] = kefu_json(head, answer);
  return json_text(body);
}

std::string chat_role_chunk(const ChatReplyHead& head) {
  return json_text(chunk_json(head, choice_json({{"role", "assistant"}, {"content", ""}}, nullptr)));
}

std::string chat_text_chunk(const ChatReplyHead& head, const std::string& text) {
  return json_text(chunk_json(head, choice_json({{"content", text}}, nullptr)));
}

std::string chat_end_chunk(const ChatReplyHead& head, const kefu::v1::Answer& answer) {
  Json chunk = chunk_json(head, choice_json(Json::object(), "stop"));
  chunk["kefu"] = kefu_json(head, answer);
  return json_text(chunk);
}

std::string chat_usage_chunk(const ChatReplyHead& head, const kefu::v1::Answer& answer) {
  Json chunk = chunk_json(head, Json::array());
  chunk["usage"] = usage_json(answer.usage());
  return json_text(chunk);
}

}  // namespace kefu::gateway
