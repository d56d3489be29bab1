#include "error_json.hpp"

#include <nlohmann/json.hpp>

namespace kefu::gateway {

std::string error_json(const Error& error, const std::string& request_id) {
  const nlohmann::ordered_json body{
      {"error",
       {{"code", traits(error.code).wire_code}, {"message", error.message}, {"request_id", request_id}}}};
  // A message may quote what a client sent, valid UTF-8 or not.
  return body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

http::Response error_response(const Error& error, const std::string& request_id) {
  http::Response response{.status = traits(error.code).http_status,
                          .fields = {{"Content-Type", "application/json"}},
                          .body = error_json(error, request_id)};
  if (response.status == 429 || response.status == 503) response.fields.set("Retry-After", "1");
  return response;
}

}  // namespace kefu::gateway
