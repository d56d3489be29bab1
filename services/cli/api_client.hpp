#pragma once

#include <kefu/async/task.hpp>
#include <kefu/base/error.hpp>
#include <kefu/http/client.hpp>

#include <nlohmann/json.hpp>

#include <chrono>
#include <memory>
#include <string>

namespace kefu::cli {

/// Kefu's HTTP API as the commands use it. Errors of all are one sentence for a person: no connection (naming
/// the address), no answer in time, or what the server said with the id of the request.
class ApiClient {
 public:
  /// `server`: http://host:port, with or without a slash at the end.
  ApiClient(asio::any_io_executor executor, std::string server);

  const std::string& server() const { return server_; }

  Task<Result<nlohmann::json>> get(std::string path);
  /// A null `body` is not sent.
  Task<Result<nlohmann::json>> send(std::string method, std::string path, nlohmann::json body,
                                    std::chrono::milliseconds limit = std::chrono::seconds(30));
  Task<Result<nlohmann::json>> upload(std::string path, std::string content_type, std::string content);
  /// Posts, and hands over the body of a response of status 200 as it comes.
  Task<Result<std::unique_ptr<http::ResponseStream>>> open_events(std::string path, nlohmann::json body,
                                                                  Deadline deadline);
  /// Whatever the status.
  Task<Result<http::Response>> get_response(std::string path);

  /// The same sentence for an error of a ResponseStream.
  Error explain(Error error) const;

 private:
  Task<Result<nlohmann::json>> call(http::ClientRequest request, std::chrono::milliseconds limit);

  std::string server_;
  http::Client client_;
};

/// A path made of segments, each percent-encoded: path_of({"v1", "kbs", "商店"}).
std::string path_of(std::initializer_list<std::string_view> segments);

}  // namespace kefu::cli
