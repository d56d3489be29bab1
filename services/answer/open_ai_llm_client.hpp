#pragma once

#include "llm_client.hpp"

#include <kefu/http/client.hpp>

#include <cstddef>
#include <string>

namespace kefu::answer {

struct OpenAiOptions {
  std::string base_url;  ///< up to and including the version: https://host/v1
  std::string model;
  std::string api_key = {};  ///< empty: no Authorization header
  std::size_t max_tokens = 512;
};

/// Any server that speaks OpenAI's POST {base}/chat/completions with server-sent events.
class OpenAiLlmClient final : public LlmClient {
 public:
  /// `client` outlives this object.
  OpenAiLlmClient(http::Client& client, OpenAiOptions options)
      : client_(client), options_(std::move(options)) {}

  Task<Result<Completion>> complete(std::vector<ChatMessage> messages, OnDelta on_delta,
                                    Deadline deadline) override;

 private:
  http::ClientRequest request_for(const std::vector<ChatMessage>& messages) const;

  http::Client& client_;
  OpenAiOptions options_;
};

}  // namespace kefu::answer
