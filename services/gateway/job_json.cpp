#include "job_json.hpp"

#include "json_text.hpp"

#include <charconv>

namespace kefu::gateway {
namespace {

using Json = nlohmann::ordered_json;

const char* state_name(kefu::v1::JobState::State state) {
  switch (state) {
    case kefu::v1::JobState::STATE_RUNNING:
      return "running";
    case kefu::v1::JobState::STATE_DONE:
      return "done";
    case kefu::v1::JobState::STATE_FAILED:
      return "failed";
    default:
      return "queued";
  }
}

Json stage_json(const kefu::v1::JobState::Stage& stage) {
  return {{"done", stage.done()}, {"total", stage.total()}};
}

Json rejections(const kefu::v1::JobState& state) {
  Json array = Json::array();
  for (const kefu::v1::Rejection& rejection : state.rejected()) {
    array.push_back({{"file", rejection.file()},
                     {"row", rejection.row()},
                     {"field", rejection.field()},
                     {"reason", rejection.reason()}});
  }
  return array;
}

const char* action_name(kefu::v1::Job::Action action) {
  switch (action) {
    case kefu::v1::Job::ACTION_UPSERT:
      return "upload";
    case kefu::v1::Job::ACTION_EDIT:
      return "edit";
    case kefu::v1::Job::ACTION_DELETE:
      return "delete";
    default:
      return "";
  }
}

Json object_of(const kefu::v1::JobState& state) {
  Json object{{"id", std::to_string(state.job())},
              {"state", state_name(state.state())},
              {"kb", state.kb_name()},
              {"filename", state.filename()},
              {"stages",
               {{"extracted", stage_json(state.extracted())},
                {"embedded", stage_json(state.embedded())},
                {"indexed", stage_json(state.indexed())}}},
              {"rejected", rejections(state)},
              {"rejected_total", state.rejected_total()},
              {"usage",
               {{"embedding_tokens", state.usage().embedding_tokens()},
                {"saved_tokens", state.usage().saved_tokens()}}}};
  if (*action_name(state.action()) != '\0') object["action"] = action_name(state.action());
  if (!state.error().empty()) object["error"] = state.error();
  if (state.cancelled()) object["cancelled"] = true;
  if (!state.waiting().empty()) object["waiting"] = state.waiting();
  if (state.created_unix_ms() != 0) object["created_at"] = time_text(state.created_unix_ms());
  if (state.finished_unix_ms() != 0) object["finished_at"] = time_text(state.finished_unix_ms());
  return object;
}

}  // namespace

Result<std::uint64_t> parse_job_id(std::string_view id) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
  if (error != std::errc{} || end != id.data() + id.size() || number == 0) {
    return fail(Errc::not_found, "there is no such job");
  }
  return number;
}

std::string job_json(const kefu::v1::JobState& state) { return json_text(object_of(state)); }

std::string jobs_json(const std::vector<kefu::v1::JobState>& states) {
  Json array = Json::array();
  for (const kefu::v1::JobState& state : states) array.push_back(object_of(state));
  return json_text(Json{{"jobs", std::move(array)}});
}

std::string accepted_json(std::uint64_t job) { return Json{{"job", std::to_string(job)}}.dump(); }

}  // namespace kefu::gateway
