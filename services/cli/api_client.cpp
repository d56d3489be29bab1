#include "api_client.hpp"

#include <fmt/format.h>

#include <utility>

namespace kefu::cli {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr auto kCallTimeout = 30s;
constexpr auto kUploadTimeout = 10min;
constexpr std::size_t kMaxErrorBytes = std::size_t{64} << 10;

std::string without_slash(std::string server) {
  while (server.ends_with('/')) server.pop_back();
  return server;
}

/// As many as `bench` may keep busy; only what was used is kept.
constexpr std::size_t kKeptConnections = 1024;

json error_object(const std::string& body) {
  const json parsed = json::parse(body, nullptr, false);
  if (!parsed.is_object() || !parsed.contains("error") || !parsed["error"].is_object()) return json::object();
  return parsed["error"];
}

std::string text_of(const json& object, const char* name) {
  const auto field = object.find(name);
  return field != object.end() && field->is_string() ? field->get<std::string>() : std::string();
}

/// What the server said in `{"error":{...}}`.
Error error_of(int status, const std::string& body, const std::string& server, bool with_key) {
  const json error = error_object(body);
  if (error.empty()) {
    return Error{.code = Errc::bad_upstream,
                 .message = fmt::format("{} answered with status {} and no message that Kefu would send",
                                        server, status)};
  }
  const std::string request_id = text_of(error, "request_id");
  std::string message = text_of(error, "message");
  if (status == 401 && !with_key) message += ": set KEFU_API_KEY or --api-key-file";
  if (!request_id.empty()) message += fmt::format(" (request {})", request_id);
  return Error{.code = errc_from_wire(text_of(error, "code")), .message = std::move(message)};
}

bool is_success(int status) { return status >= 200 && status <= 299; }

}  // namespace

ApiClient::ApiClient(asio::any_io_executor executor, std::string server, const std::string& api_key)
    : server_(without_slash(std::move(server))),
      authorization_(api_key.empty() ? "" : "Bearer " + api_key),
      client_(std::move(executor), {.max_idle_connections = kKeptConnections}) {}

Error ApiClient::explain(Error error) const {
  switch (error.code) {
    case Errc::unavailable:
      error.message =
          fmt::format("the server at {} cannot be reached: is it running, and is --server right?", server_);
      break;
    case Errc::deadline_exceeded:
      error.message = fmt::format("the server at {} did not answer in time", server_);
      break;
    case Errc::bad_upstream:
      error.message = fmt::format("the server at {} broke off or sent what is not HTTP", server_);
      break;
    default:
      break;
  }
  return error;
}

http::ClientRequest ApiClient::request(std::string method, const std::string& path) const {
  http::ClientRequest request{.method = std::move(method), .url = server_ + path};
  if (!authorization_.empty()) request.fields.set("Authorization", authorization_);
  return request;
}

Task<Result<json>> ApiClient::get(std::string path) {
  co_return co_await send("GET", std::move(path), nullptr, kCallTimeout);
}

Task<Result<json>> ApiClient::send(std::string method, std::string path, json body,
                                   std::chrono::milliseconds limit) {
  KEFU_CO_TRY(const http::Response response,
              co_await respond(std::move(method), std::move(path), std::move(body), limit));
  co_return parsed(response);
}

Task<Result<json>> ApiClient::upload(std::string path, std::string content_type, std::string content) {
  http::ClientRequest message = request("POST", path);
  message.body = std::move(content);
  message.fields.set("Content-Type", std::move(content_type));
  KEFU_CO_TRY(const http::Response response, co_await checked(std::move(message), kUploadTimeout));
  co_return parsed(response);
}

Task<Result<http::Response>> ApiClient::respond(std::string method, std::string path, json body,
                                                std::chrono::milliseconds limit) {
  http::ClientRequest message = request(std::move(method), path);
  if (!body.is_null()) {
    message.fields.set("Content-Type", "application/json");
    message.body = json_text(body);
  }
  co_return co_await checked(std::move(message), limit);
}

Task<Result<http::Response>> ApiClient::checked(http::ClientRequest request,
                                                std::chrono::milliseconds limit) {
  auto response = co_await client_.send(std::move(request), Deadline::in(limit));
  if (!response) co_return fail(explain(std::move(response).error()));
  if (!is_success(response->status))
    co_return fail(error_of(response->status, response->body, server_, !authorization_.empty()));
  co_return response;
}

Result<json> ApiClient::parsed(const http::Response& response) const {
  if (response.body.empty()) return json();
  json parsed = json::parse(response.body, nullptr, false);
  if (parsed.is_discarded())
    return fail(error_of(response.status, response.body, server_, !authorization_.empty()));
  return parsed;
}

Task<Result<http::Response>> ApiClient::exchange(std::string method, std::string path, std::string json,
                                                 std::chrono::milliseconds limit) {
  http::ClientRequest message = request(std::move(method), path);
  if (!json.empty()) message.fields.set("Content-Type", "application/json");
  message.body = std::move(json);
  co_return co_await client_.send(std::move(message), Deadline::in(limit));
}

Task<Result<std::unique_ptr<http::ResponseStream>>> ApiClient::open_events(std::string path, json body,
                                                                           Deadline deadline) {
  http::ClientRequest message = request(body.is_null() ? "GET" : "POST", path);
  message.fields.set("Accept", "text/event-stream");
  if (!body.is_null()) {
    message.fields.set("Content-Type", "application/json");
    message.body = json_text(body);
  }
  auto stream = co_await client_.open(std::move(message), deadline);
  if (!stream) co_return fail(explain(std::move(stream).error()));
  if ((*stream)->status() == 200) co_return stream;
  std::string error_body;
  while (error_body.size() < kMaxErrorBytes) {
    auto more = co_await (*stream)->read_some(deadline);
    if (!more) co_return fail(explain(std::move(more).error()));
    if (more->empty()) break;
    error_body += *more;
  }
  co_return fail(error_of((*stream)->status(), error_body, server_, !authorization_.empty()));
}

std::string path_of(std::initializer_list<std::string_view> segments) {
  std::string path;
  for (const std::string_view segment : segments) path += "/" + http::percent_encode(segment);
  return path;
}

std::string query_of(std::initializer_list<std::pair<std::string_view, std::string>> parameters) {
  std::string query;
  for (const auto& [name, value] : parameters) {
    if (!value.empty())
      query += fmt::format("{}{}={}", query.empty() ? '?' : '&', name, http::percent_encode(value));
  }
  return query;
}

std::string wire_code_of(const std::string& body) { return text_of(error_object(body), "code"); }

std::string json_text(const json& value, int indent) {
  return value.dump(indent, ' ', false, json::error_handler_t::replace);
}

}  // namespace kefu::cli
