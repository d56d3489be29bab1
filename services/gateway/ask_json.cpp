#include "ask_json.hpp"

#include "answer_json.hpp"
#include "json_object.hpp"
#include "json_text.hpp"
#include "names.hpp"
#include "question.hpp"

namespace kefu::gateway {
namespace {

using Json = nlohmann::ordered_json;

Result<kefu::v1::AskMode> parse_mode(const std::string& mode) {
  if (mode == "auto") return kefu::v1::ASK_MODE_AUTO;
  if (mode == "extractive") return kefu::v1::ASK_MODE_EXTRACTIVE;
  if (mode == "generative") return kefu::v1::ASK_MODE_GENERATIVE;
  return fail(Errc::invalid_argument, "field \"mode\" must be \"auto\", \"extractive\" or \"generative\"");
}

double milliseconds(std::chrono::microseconds time) { return static_cast<double>(time.count()) / 1000.0; }

}  // namespace

Result<kefu::v1::AskRequest> parse_ask_request(std::string_view body) {
  KEFU_TRY(const JsonObject object, JsonObject::parse(body));
  KEFU_CHECK(object.allow_only({"kb", "question", "session", "stream", "top_k", "mode"}));
  KEFU_TRY(std::string kb, object.required_string("kb"));
  KEFU_CHECK(check_kb_name(kb, "field \"kb\""));
  KEFU_TRY(std::string question, object.required_string("question"));
  KEFU_CHECK(validate_question(question));
  KEFU_TRY(std::optional<std::string> session, object.optional_string("session"));
  if (session) KEFU_CHECK(validate_name("field \"session\"", *session, 128));
  KEFU_TRY(const std::optional<bool> stream, object.optional_bool("stream"));
  KEFU_TRY(const std::optional<std::int64_t> top_k, object.optional_integer("top_k", 1, kMaxTopK));
  KEFU_TRY(const std::optional<std::string> mode, object.optional_string("mode"));

  kefu::v1::AskRequest request;
  if (mode) {
    KEFU_TRY(const kefu::v1::AskMode parsed, parse_mode(*mode));
    request.set_mode(parsed);
  }
  request.set_kb(std::move(kb));
  request.set_question(std::move(question));
  request.set_session(std::move(session).value_or(""));
  request.set_stream(stream.value_or(false));
  request.set_top_k(static_cast<std::uint32_t>(top_k.value_or(0)));
  return request;
}

std::string answer_json(const kefu::v1::Answer& answer, std::chrono::steady_clock::duration elapsed,
                        const std::string& request_id) {
  Json timings = Json::object();
  for (const kefu::v1::StageTiming& timing : answer.timings()) {
    timings[timing.stage()] = milliseconds(std::chrono::microseconds(timing.microseconds()));
  }
  timings["total"] = milliseconds(std::chrono::duration_cast<std::chrono::microseconds>(elapsed));
  const kefu::v1::Usage& usage = answer.usage();
  Json body{{"answer", answer.answer()}};
  body.update(judgement_json(answer));
  body["sources"] = sources_array(answer.sources());
  body["usage"] = {{"embedding_tokens", usage.embedding_tokens()},
                   {"prompt_tokens", usage.prompt_tokens()},
                   {"completion_tokens", usage.completion_tokens()},
                   {"saved_tokens", usage.saved_tokens()}};
  body["timings"] = std::move(timings);
  body["request_id"] = request_id;
  return json_text(body);
}

std::string sources_json(const kefu::v1::AskEvent::Sources& sources) {
  return json_text(Json{{"sources", sources_array(sources.sources())}});
}

std::string delta_json(const std::string& text) { return json_text(Json{{"text", text}}); }

}  // namespace kefu::gateway
