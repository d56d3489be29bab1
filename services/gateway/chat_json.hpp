#pragma once

#include "kefu/v1/ask.pb.h"

#include <kefu/base/error.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace kefu::gateway {

/// Room for a long conversation; it goes to answer in one message, which NATS limits to 1 MiB.
inline constexpr std::size_t kMaxChatBytes = std::size_t{512} << 10;

struct ChatRequest {
  kefu::v1::AskRequest ask;  ///< the last message as the question, those before it as the history
  bool include_usage = false;
};

/// The body of POST /v1/chat/completions in OpenAI's format: `model` names the knowledge base. Parameters
/// that only steer how a language model writes are taken and have no effect; those that ask for something
/// else than an answer in text are refused. Errors: `invalid_argument`, naming the field.
Result<ChatRequest> parse_chat_request(std::string_view body);

/// What all parts of one reply have in common.
struct ChatReplyHead {
  std::string request_id;
  std::string model;
  std::int64_t created_unix = 0;
  bool include_usage = false;  ///< of a stream: chunks carry `usage`, null in all but the last one
};

/// The object `chat.completion`.
std::string chat_completion_json(const ChatReplyHead& head, const kefu::v1::Answer& answer);
/// The objects `chat.completion.chunk` of a stream, in this order: the role, pieces of the text, the end of
/// the text with what Kefu says of the answer, and the tokens where they were asked for.
std::string chat_role_chunk(const ChatReplyHead& head);
std::string chat_text_chunk(const ChatReplyHead& head, const std::string& text);
std::string chat_end_chunk(const ChatReplyHead& head, const kefu::v1::Answer& answer);
std::string chat_usage_chunk(const ChatReplyHead& head, const kefu::v1::Answer& answer);

}  // namespace kefu::gateway
