#include "open_ai_llm_client.hpp"

#include "chat_completion.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace kefu::answer {
namespace {

constexpr auto kPath = "/chat/completions";

}  // namespace

Task<Result<Completion>> OpenAiLlmClient::complete(std::vector<ChatMessage> messages, OnDelta on_delta,
                                                   Deadline deadline) {
  ChatStreamReader reader;
  provider::Client::TakeEvents take{.event = [&reader, &on_delta](std::string_view data) -> Result<bool> {
                                      KEFU_TRY(const std::string text, reader.take(data));
                                      if (!text.empty()) KEFU_CHECK(on_delta(text));
                                      return reader.done();
                                    },
                                    .end = [&reader]() -> Result<> {
                                      KEFU_CHECK(reader.finish());
                                      return {};
                                    }};
  const auto outcome = co_await client_.stream(
      kPath, chat_request(client_.endpoint().model, messages, max_tokens_), std::move(take), deadline);
  if (!outcome.result) co_return fail(outcome.result.error());
  co_return reader.finish();
}

}  // namespace kefu::answer
