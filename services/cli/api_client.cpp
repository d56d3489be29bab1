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

/// What the server said in `{"error":{...}}`.
Error error_of(int status, const std::string& body, const std::string& server) {
  const json parsed = json::parse(body, nullptr, false);
  if (parsed.is_object() && parsed.contains("error") && parsed["error"].is_object()) {
    const json& error = parsed["error"];
    const auto text = [&](const char* name) {
      return error.contains(name) && error[name].is_string() ? error[name].get<std::string>() : "";
    };
    const std::string message = text("message");
    const std::string request_id = text("request_id");
    return Error{
        .code = errc_from_wire(text("code")),
        .message = request_id.empty() ? message : fmt::format("{} (request {})", message, request_id)};
  }
  return Error{.code = Errc::bad_upstream,
               .message = fmt::format("{} answered with status {} and no message that Kefu would send",
                                      server, status)};
}

}  // namespace

ApiClient::ApiClient(asio::any_io_executor executor, std::string server)
    : server_(without_slash(std::move(server))), client_(std::move(executor), {}) {}

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

Task<Result<json>> ApiClient::get(std::string path) {
  co_return co_await call({.url = server_ + path}, kCallTimeout);
}

Task<Result<json>> ApiClient::send(std::string method, std::string path, json body,
                                   std::chrono::milliseconds limit) {
  http::ClientRequest request{.method = std::move(method), .url = server_ + path};
  if (!body.is_null()) {
    request.fields.set("Content-Type", "application/json");
    // Arguments in another encoding than UTF-8 cannot be sent as JSON.
    request.body = body.dump(-1, ' ', false, json::error_handler_t::replace);
  }
  co_return co_await call(std::move(request), limit);
}

Task<Result<json>> ApiClient::upload(std::string path, std::string content_type, std::string content) {
  http::ClientRequest request{.method = "POST", .url = server_ + path, .body = std::move(content)};
  request.fields.set("Content-Type", std::move(content_type));
  co_return co_await call(std::move(request), kUploadTimeout);
}

Task<Result<json>> ApiClient::call(http::ClientRequest request, std::chrono::milliseconds limit) {
  auto response = co_await client_.send(std::move(request), Deadline::in(limit));
  if (!response) co_return fail(explain(std::move(response).error()));
  if (response->status < 200 || response->status > 299)
    co_return fail(error_of(response->status, response->body, server_));
  if (response->body.empty()) co_return json();
  json parsed = json::parse(response->body, nullptr, false);
  if (parsed.is_discarded()) co_return fail(error_of(response->status, response->body, server_));
  co_return parsed;
}

Task<Result<http::Response>> ApiClient::get_response(std::string path) {
  auto response = co_await client_.send({.url = server_ + path}, Deadline::in(kCallTimeout));
  if (!response) co_return fail(explain(std::move(response).error()));
  co_return response;
}

Task<Result<std::unique_ptr<http::ResponseStream>>> ApiClient::open_events(std::string path, json body,
                                                                           Deadline deadline) {
  http::ClientRequest request{.method = "POST", .url = server_ + path};
  request.fields.set("Content-Type", "application/json");
  request.fields.set("Accept", "text/event-stream");
  request.body = body.dump(-1, ' ', false, json::error_handler_t::replace);
  auto stream = co_await client_.open(std::move(request), deadline);
  if (!stream) co_return fail(explain(std::move(stream).error()));
  if ((*stream)->status() == 200) co_return stream;
  std::string error_body;
  while (error_body.size() < kMaxErrorBytes) {
    auto more = co_await (*stream)->read_some(deadline);
    if (!more) co_return fail(explain(std::move(more).error()));
    if (more->empty()) break;
    error_body += *more;
  }
  co_return fail(error_of((*stream)->status(), error_body, server_));
}

std::string path_of(std::initializer_list<std::string_view> segments) {
  std::string path;
  for (const std::string_view segment : segments) path += "/" + http::percent_encode(segment);
  return path;
}

}  // namespace kefu::cli
