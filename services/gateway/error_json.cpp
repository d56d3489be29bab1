#include "error_json.hpp"

#include "json_text.hpp"

#include <array>
#include <utility>

namespace kefu::gateway {
namespace {

using Json = nlohmann::ordered_json;

Json common_fields(const Error& error, const std::string& request_id) {
  return {{"code", traits(error.code).wire_code}, {"message", error.message}, {"request_id", request_id}};
}

const char* openai_type(int status) {
  if (status == 401 || status == 403) return "authentication_error";
  if (status == 402) return "insufficient_quota";
  if (status == 429) return "rate_limit_error";
  return status >= 500 ? "server_error" : "invalid_request_error";
}

/// Of a message about a body, which begins `field "messages[0].role" ...` or `unknown field "x"`; null for
/// others.
Json wrong_field(const Error& error) {
  if (error.code != Errc::invalid_argument) return nullptr;
  constexpr std::string_view kField = "field \"";
  const std::size_t begin = error.message.find(kField);
  if (begin == std::string::npos) return nullptr;
  const std::string_view rest = std::string_view(error.message).substr(begin + kField.size());
  return std::string(rest.substr(0, rest.find('"')));
}

}  // namespace

std::string error_json(const Error& error, const std::string& request_id) {
  // A message may quote what a client sent, valid UTF-8 or not.
  return json_text(Json{{"error", common_fields(error, request_id)}});
}

std::string openai_error_json(const Error& error, const std::string& request_id) {
  Json fields = common_fields(error, request_id);
  fields["type"] = openai_type(traits(error.code).http_status);
  fields["param"] = wrong_field(error);
  return json_text(Json{{"error", std::move(fields)}});
}

bool is_openai_path(std::string_view path) {
  return path == "/v1/chat/completions" || path == "/v1/embeddings" || path == "/v1/models" ||
         path.starts_with("/v1/models/");
}

http::Response error_response(const Error& error, const std::string& request_id, std::string_view path) {
  http::Response response{
      .status = traits(error.code).http_status,
      .fields = {{"Content-Type", "application/json"}},
      .body = is_openai_path(path) ? openai_error_json(error, request_id) : error_json(error, request_id)};
  if (response.status == 429 || response.status == 503) response.fields.set("Retry-After", "1");
  return response;
}

}  // namespace kefu::gateway
