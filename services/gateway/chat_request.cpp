#include "chat_json.hpp"
#include "json_object.hpp"
#include "names.hpp"
#include "question.hpp"

#include <kefu/text/utf8.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace kefu::gateway {
namespace {

using nlohmann::json;

/// The messages before the question that are handed on; older ones are left out.
constexpr std::size_t kMaxHistory = 20;
constexpr std::size_t kMaxMessages = 1000;

enum class Kind { number, integer, boolean, text, text_or_list, object };

struct Parameter {
  std::string_view name;
  Kind kind;
};

/// They steer how a language model writes, or are notes of the caller: taken, without effect.
constexpr std::array kWithoutEffect{Parameter{"temperature", Kind::number},
                                    Parameter{"top_p", Kind::number},
                                    Parameter{"presence_penalty", Kind::number},
                                    Parameter{"frequency_penalty", Kind::number},
                                    Parameter{"max_tokens", Kind::integer},
                                    Parameter{"max_completion_tokens", Kind::integer},
                                    Parameter{"seed", Kind::integer},
                                    Parameter{"stop", Kind::text_or_list},
                                    Parameter{"user", Kind::text},
                                    Parameter{"safety_identifier", Kind::text},
                                    Parameter{"prompt_cache_key", Kind::text},
                                    Parameter{"reasoning_effort", Kind::text},
                                    Parameter{"verbosity", Kind::text},
                                    Parameter{"service_tier", Kind::text},
                                    Parameter{"store", Kind::boolean},
                                    Parameter{"parallel_tool_calls", Kind::boolean},
                                    Parameter{"metadata", Kind::object},
                                    Parameter{"logit_bias", Kind::object}};

/// They ask for what is not here; a list that is empty asks for nothing.
constexpr std::array<std::string_view, 9> kNotSupported{
    "tools",      "tool_choice",        "functions",  "function_call", "audio",
    "prediction", "web_search_options", "modalities", "top_logprobs"};

bool is_kind(const json& value, Kind kind) {
  switch (kind) {
    case Kind::number:
      return value.is_number();
    case Kind::integer:
      return value.is_number_integer();
    case Kind::boolean:
      return value.is_boolean();
    case Kind::text:
      return value.is_string();
    case Kind::text_or_list:
      return value.is_string() || (value.is_array() && std::ranges::all_of(value, [](const json& entry) {
                                     return entry.is_string();
                                   }));
    case Kind::object:
      return value.is_object();
  }
  return false;
}

const char* kind_name(Kind kind) {
  constexpr std::array kNames{
      "a number", "a whole number", "true or false", "a string", "a string or a list of strings",
      "an object"};
  return kNames[static_cast<std::size_t>(kind)];
}

bool asks_for_nothing(std::string_view name, const json& value) {
  if (value.empty()) return true;
  if (name == "modalities") return value == json::array({"text"});
  return value == "none";  // tool_choice, function_call
}

Result<> check_parameters(const JsonObject& object) {
  for (const auto& [name, kind] : kWithoutEffect) {
    const json* value = object.find(std::string(name).c_str());
    if (value != nullptr && !is_kind(*value, kind))
      return fail(Errc::invalid_argument,
                  fmt::format("field \"{}\" must be {}, not {}", name, kind_name(kind), value->type_name()));
  }
  for (const std::string_view name : kNotSupported) {
    const json* value = object.find(std::string(name).c_str());
    if (value != nullptr && !asks_for_nothing(name, *value))
      return fail(Errc::invalid_argument, fmt::format("field \"{}\" is not supported", name));
  }
  KEFU_CHECK(object.optional_integer("n", 1, 1));
  KEFU_TRY(const std::optional<bool> logprobs, object.optional_bool("logprobs"));
  if (logprobs.value_or(false)) return fail(Errc::invalid_argument, "field \"logprobs\" must be false");
  KEFU_TRY(const std::optional<JsonObject> format, object.optional_object("response_format"));
  if (!format) return {};
  KEFU_TRY(const std::string type, format->required_string("type"));
  if (type == "text") return {};
  return fail(Errc::invalid_argument, "field \"response_format.type\" must be \"text\"");
}

/// A string, or a list of `{type: "text", text}`, which are joined. Empty for null, which only an assistant
/// may send.
Result<std::string> content_of(const JsonObject& message) {
  const json* content = message.find("content");
  if (content == nullptr) return std::string();
  if (content->is_string()) return content->get<std::string>();
  KEFU_TRY(const std::vector<JsonObject> parts, message.required_objects("content"));
  std::string text;
  for (const JsonObject& part : parts) {
    KEFU_TRY(const std::string type, part.required_string("type"));
    if (type != "text") {
      return fail(Errc::invalid_argument,
                  fmt::format("field \"{}\" must be \"text\": nothing else is read", part.place("type")));
    }
    KEFU_TRY(const std::string piece, part.required_string("text"));
    if (!text.empty()) text += '\n';
    text += piece;
  }
  return text;
}

struct Message {
  kefu::v1::Turn turn;  ///< its role is unspecified for those that are not used
  std::string place;    ///< of its content
};

Result<Message> parse_message(const JsonObject& message) {
  // Clients send back what they were given, with all its fields.
  KEFU_CHECK(message.allow_only({"role", "content", "name", "refusal", "annotations", "audio", "tool_calls",
                                 "function_call", "reasoning_content"}));
  KEFU_TRY(const std::string role, message.required_string("role"));
  Message out{.turn = {}, .place = message.place("content")};
  if (role == "user") {
    out.turn.set_role(kefu::v1::Turn::ROLE_CUSTOMER);
  } else if (role == "assistant") {
    out.turn.set_role(kefu::v1::Turn::ROLE_ASSISTANT);
  } else if (role != "system" && role != "developer") {
    return fail(Errc::invalid_argument,
                fmt::format("field \"{}\" must be \"system\", \"developer\", \"user\" or \"assistant\"",
                            message.place("role")));
  }
  for (const char* name : {"tool_calls", "function_call", "audio"}) {
    const json* value = message.find(name);
    if (value != nullptr && !value->empty())
      return fail(Errc::invalid_argument, fmt::format("field \"{}\" is not supported", message.place(name)));
  }
  KEFU_TRY(std::string text, content_of(message));
  if (text.empty() && role != "assistant")
    return fail(Errc::invalid_argument, fmt::format("field \"{}\" is missing or empty", out.place));
  out.turn.set_text(std::move(text));
  return out;
}

Result<> read_messages(const JsonObject& object, kefu::v1::AskRequest& request) {
  KEFU_TRY(const std::vector<JsonObject> list, object.required_objects("messages"));
  if (list.empty()) return fail(Errc::invalid_argument, "field \"messages\" is empty");
  if (list.size() > kMaxMessages)
    return fail(Errc::invalid_argument,
                fmt::format("field \"messages\" has more than {} entries", kMaxMessages));
  std::vector<Message> messages;
  for (const JsonObject& entry : list) {
    KEFU_TRY(Message message, parse_message(entry));
    messages.push_back(std::move(message));
  }
  Message question = std::move(messages.back());
  messages.pop_back();
  if (question.turn.role() != kefu::v1::Turn::ROLE_CUSTOMER)
    return fail(Errc::invalid_argument, "the last entry of field \"messages\" must be of the role \"user\"");
  KEFU_CHECK(validate_question(question.turn.text(), question.place));
  request.set_question(std::move(*question.turn.mutable_text()));
  std::erase_if(messages, [](const Message& message) {
    return message.turn.role() == kefu::v1::Turn::ROLE_UNSPECIFIED || message.turn.text().empty();
  });
  const std::size_t first = messages.size() > kMaxHistory ? messages.size() - kMaxHistory : 0;
  for (std::size_t i = first; i < messages.size(); ++i) *request.add_history() = std::move(messages[i].turn);
  return {};
}

Result<bool> read_stream_options(const JsonObject& object, bool stream) {
  KEFU_TRY(const std::optional<JsonObject> options, object.optional_object("stream_options"));
  if (!options) return false;
  if (!stream)
    return fail(Errc::invalid_argument, "field \"stream_options\" is only taken with \"stream\": true");
  KEFU_CHECK(options->allow_only({"include_usage", "include_obfuscation"}));
  KEFU_CHECK(options->optional_bool("include_obfuscation"));
  KEFU_TRY(const std::optional<bool> include, options->optional_bool("include_usage"));
  return include.value_or(false);
}

}  // namespace

Result<ChatRequest> parse_chat_request(std::string_view body) {
  KEFU_TRY(const JsonObject object, JsonObject::parse(body));
  std::vector<std::string_view> known{"model", "messages", "stream",         "stream_options",
                                      "n",     "logprobs", "response_format"};
  for (const Parameter& parameter : kWithoutEffect) known.push_back(parameter.name);
  known.insert(known.end(), kNotSupported.begin(), kNotSupported.end());
  KEFU_CHECK(object.allow_only(known));
  KEFU_TRY(std::string model, object.required_string("model"));
  KEFU_CHECK(check_kb_name(model, "field \"model\""));
  KEFU_TRY(const std::optional<bool> stream, object.optional_bool("stream"));
  KEFU_CHECK(check_parameters(object));
  ChatRequest request;
  KEFU_TRY(request.include_usage, read_stream_options(object, stream.value_or(false)));
  KEFU_CHECK(read_messages(object, request.ask));
  request.ask.set_kb(std::move(model));
  request.ask.set_stream(stream.value_or(false));
  return request;
}

}  // namespace kefu::gateway
