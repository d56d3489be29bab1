#pragma once

#include "llm_client.hpp"

#include <kefu/provider/client.hpp>

#include <cstddef>
#include <vector>

namespace kefu::answer {

/// Any server that speaks OpenAI's POST {base}/chat/completions with server-sent events. A completion is
/// begun again only while nothing of it has come.
class OpenAiLlmClient final : public LlmClient {
 public:
  /// `client` outlives this object.
  OpenAiLlmClient(provider::Client& client, std::size_t max_tokens)
      : client_(client), max_tokens_(max_tokens) {}

  Task<Result<Completion>> complete(std::vector<ChatMessage> messages, OnDelta on_delta,
                                    Deadline deadline) override;

 private:
  provider::Client& client_;
  std::size_t max_tokens_;
};

}  // namespace kefu::answer
