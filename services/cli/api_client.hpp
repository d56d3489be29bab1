#pragma once

#include <kefu/async/task.hpp>
#include <kefu/base/error.hpp>
#include <kefu/http/client.hpp>

#include <nlohmann/json.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace kefu::cli {

/// Kefu's HTTP API as the commands use it. Errors of all are one sentence for a person: no connection (naming
/// the address), no answer in time, or what the server said with the id of the request.
class ApiClient {
 public:
  /// `server`: http://host:port, with or without a slash at the end. `api_key` is sent with every request,
  /// unless it is empty.
  ApiClient(asio::any_io_executor executor, std::string server, const std::string& api_key);

  const std::string& server() const { return server_; }

  Task<Result<nlohmann::json>> get(std::string path);
  /// A null `body` is not sent.
  Task<Result<nlohmann::json>> send(std::string method, std::string path, nlohmann::json body,
                                    std::chrono::milliseconds limit = std::chrono::seconds(30));
  Task<Result<nlohmann::json>> upload(std::string path, std::string content_type, std::string content);
  /// Asks for server-sent events, by GET where `body` is null, else by POST, and hands over the body of a
  /// response of status 200 as it comes.
  Task<Result<std::unique_ptr<http::ResponseStream>>> open_events(std::string path, nlohmann::json body,
                                                                  Deadline deadline);
  /// With status and header, for what the JSON alone does not say.
  Task<Result<http::Response>> respond(std::string method, std::string path, nlohmann::json body = nullptr,
                                       std::chrono::milliseconds limit = std::chrono::seconds(30));
  /// Whatever the status, with the errors of http::Client as they are: for measurements and readiness.
  Task<Result<http::Response>> exchange(std::string method, std::string path, std::string json,
                                        std::chrono::milliseconds limit);

  /// The same sentence for an error of a ResponseStream.
  Error explain(Error error) const;

 private:
  http::ClientRequest request(std::string method, const std::string& path) const;
  Task<Result<http::Response>> checked(http::ClientRequest request, std::chrono::milliseconds limit);
  Result<nlohmann::json> parsed(const http::Response& response) const;

  std::string server_;
  std::string authorization_;
  http::Client client_;
};

/// A path made of segments, each percent-encoded: path_of({"v1", "kbs", "商店"}).
std::string path_of(std::initializer_list<std::string_view> segments);

/// "?kb=shop&limit=5" of the pairs whose value is not empty, each percent-encoded; empty when there is none.
std::string query_of(std::initializer_list<std::pair<std::string_view, std::string>> parameters);

/// Arguments in another encoding than UTF-8 cannot be sent as JSON: such bytes become replacement characters.
std::string json_text(const nlohmann::json& value, int indent = -1);

/// The code in `{"error":{"code"}}`, empty when there is none.
std::string wire_code_of(const std::string& body);

}  // namespace kefu::cli
