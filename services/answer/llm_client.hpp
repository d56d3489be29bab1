#pragma once

#include <kefu/async/task.hpp>
#include <kefu/base/deadline.hpp>
#include <kefu/base/error.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace kefu::answer {

struct ChatMessage {
  std::string role;  ///< "system", "user" or "assistant"
  std::string content;
};

/// How a completion ended. Its text went out in deltas.
struct Completion {
  std::uint64_t prompt_tokens = 0;  ///< as the model reports them, 0 where it does not
  std::uint64_t completion_tokens = 0;
  bool cut = false;  ///< ended by the limit of tokens rather than by the model
};

/// A language model that continues a conversation.
class LlmClient {
 public:
  /// Takes the text as it is written. An error ends the completion and is what complete() returns.
  using OnDelta = std::function<Result<>(std::string_view)>;

  virtual ~LlmClient() = default;
  /// `on_delta` is called at least once before a Completion is returned, never with an empty text.
  /// Errors: those of `on_delta`; `unavailable` (no connection, the model's own failure, or left alone after
  /// several of those); `overloaded` (over its rate limit); `bad_upstream` (refused our key or request, not
  /// its protocol, truncated, or no text); `payload_too_large` (refused the prompt); `deadline_exceeded`.
  virtual Task<Result<Completion>> complete(std::vector<ChatMessage> messages, OnDelta on_delta,
                                            Deadline deadline) = 0;
};

}  // namespace kefu::answer
