#pragma once

#include "llm_client.hpp"

#include <kefu/base/error.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// OpenAI's chat completions as JSON, without the network.
namespace kefu::answer {

/// The body of POST /v1/chat/completions: streamed, with usage at the end, temperature 0.
std::string chat_request(const std::string& model, const std::vector<ChatMessage>& messages,
                         std::size_t max_tokens);

/// What the events of one stream add up to.
class ChatStreamReader {
 public:
  /// Takes the data of one server-sent event and returns the text in it, which may be empty. Events after
  /// [DONE] are ignored. Errors: `bad_upstream` for what is not a chunk of a completion, or is an error that
  /// the model sends inside the stream.
  Result<std::string> take(std::string_view data);

  /// True when [DONE] came.
  bool done() const { return done_; }
  /// How the completion ended; to be called when the stream is over. Errors: `bad_upstream` when it broke
  /// off, or held no text.
  Result<Completion> finish() const;

 private:
  Completion completion_;
  bool has_text_ = false;
  bool finished_ = false;  // a reason for the end was given
  bool done_ = false;
};

}  // namespace kefu::answer
