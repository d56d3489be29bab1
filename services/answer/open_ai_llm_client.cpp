#include "open_ai_llm_client.hpp"

#include "chat_completion.hpp"

#include <kefu/http/sse.hpp>

#include <memory>
#include <utility>

namespace kefu::answer {
namespace {

constexpr std::size_t kErrorBodyBytes = 4096;

/// As much of the body as the log may want. Whatever goes wrong here, the status is what matters.
Task<std::string> beginning_of_body(http::ResponseStream& response, Deadline deadline) {
  std::string body;
  while (body.size() < kErrorBodyBytes) {
    auto bytes = co_await response.read_some(deadline);
    if (!bytes || bytes->empty()) break;
    body += *bytes;
  }
  co_return body;
}

Result<> pass_on(ChatStreamReader& reader, http::SseParser& parser, std::string_view bytes,
                 const LlmClient::OnDelta& on_delta) {
  KEFU_TRY(const auto events, parser.feed(bytes));
  for (const http::SseEvent& event : events) {
    KEFU_TRY(const std::string text, reader.take(event.data));
    if (!text.empty()) KEFU_CHECK(on_delta(text));
  }
  return {};
}

}  // namespace

http::ClientRequest OpenAiLlmClient::request_for(const std::vector<ChatMessage>& messages) const {
  std::string base = options_.base_url;
  while (base.ends_with('/')) base.pop_back();
  http::ClientRequest request{
      .method = "POST",
      .url = base + "/chat/completions",
      .fields = {{"Content-Type", "application/json"}, {"Accept", "text/event-stream"}},
      .body = chat_request(options_.model, messages, options_.max_tokens)};
  if (!options_.api_key.empty()) request.fields.set("Authorization", "Bearer " + options_.api_key);
  return request;
}

Task<Result<Completion>> OpenAiLlmClient::complete(std::vector<ChatMessage> messages, OnDelta on_delta,
                                                   Deadline deadline) {
  KEFU_CO_TRY(const auto response, co_await client_.open(request_for(messages), deadline));
  if (response->status() != 200) {
    const std::string body = co_await beginning_of_body(*response, deadline);
    co_return fail(error_of_status(response->status(), body));
  }
  ChatStreamReader reader;
  http::SseParser parser;
  while (!reader.done()) {
    KEFU_CO_TRY(const std::string bytes, co_await response->read_some(deadline));
    if (bytes.empty()) break;
    KEFU_CO_CHECK(pass_on(reader, parser, bytes, on_delta));
  }
  co_return reader.finish();
}

}  // namespace kefu::answer
