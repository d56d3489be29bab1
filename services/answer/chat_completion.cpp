#include "chat_completion.hpp"

#include <kefu/text/utf8.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <limits>

namespace kefu::answer {
namespace {

using nlohmann::json;

constexpr std::size_t kDetailBytes = 300;

Error bad_stream(std::string_view what, std::string_view data) {
  return {Errc::bad_upstream, "the language model did not answer in its protocol",
          fmt::format("{}: {}", what, text::truncate_utf8(data, kDetailBytes))};
}

/// 0 also for more than any call can have: it would use up a budget for a month, or turn its sums over.
std::uint64_t tokens_at(const json& usage, const char* key) {
  const auto found = usage.find(key);
  if (found == usage.end() || !found->is_number_unsigned()) return 0;
  const auto tokens = found->get<std::uint64_t>();
  return tokens <= std::numeric_limits<std::uint32_t>::max() ? tokens : 0;
}

}  // namespace

std::string chat_request(const std::string& model, const std::vector<ChatMessage>& messages,
                         std::size_t max_tokens) {
  json list = json::array();
  for (const ChatMessage& message : messages) {
    list.push_back({{"role", message.role}, {"content", message.content}});
  }
  const json body = {
      {"model", model},   {"messages", std::move(list)},
      {"temperature", 0}, {"max_tokens", max_tokens},
      {"stream", true},   {"stream_options", {{"include_usage", true}}},
  };
  // Questions are valid UTF-8 by now; the replacement only keeps a bug from throwing.
  return body.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<std::string> ChatStreamReader::take(std::string_view data) {
  if (done_) return std::string();
  if (data == "[DONE]") {
    done_ = true;
    return std::string();
  }
  const json chunk = json::parse(data, nullptr, false);
  if (!chunk.is_object()) return fail(bad_stream("not a JSON object", data));
  if (chunk.contains("error")) return fail(bad_stream("an error inside the stream", data));
  if (const auto usage = chunk.find("usage"); usage != chunk.end() && usage->is_object()) {
    completion_.prompt_tokens = tokens_at(*usage, "prompt_tokens");
    completion_.completion_tokens = tokens_at(*usage, "completion_tokens");
  }
  const auto choices = chunk.find("choices");
  if (choices == chunk.end() || !choices->is_array()) return fail(bad_stream("no choices", data));
  if (choices->empty()) return std::string();  // the chunk that only carries usage
  const json& choice = choices->front();
  if (!choice.is_object()) return fail(bad_stream("a choice is not an object", data));
  if (const auto reason = choice.find("finish_reason"); reason != choice.end() && reason->is_string()) {
    finished_ = true;
    completion_.cut = *reason == "length";
  }
  const auto delta = choice.find("delta");
  if (delta == choice.end() || !delta->is_object()) return std::string();
  const auto content = delta->find("content");
  if (content == delta->end() || content->is_null()) return std::string();
  if (!content->is_string()) return fail(bad_stream("content is not text", data));
  auto text = content->get<std::string>();
  has_text_ = has_text_ || !text.empty();
  return text;
}

Result<Completion> ChatStreamReader::finish() const {
  if (!done_ && !finished_) return fail(Errc::bad_upstream, "the language model's answer broke off");
  if (!has_text_) return fail(Errc::bad_upstream, "the language model wrote nothing");
  return completion_;
}

}  // namespace kefu::answer
