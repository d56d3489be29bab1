#pragma once

#include <kefu/async/task.hpp>
#include <kefu/base/deadline.hpp>
#include <kefu/base/error.hpp>
#include <kefu/http/message.hpp>
#include <kefu/http/proxy.hpp>

#include <cstddef>
#include <memory>
#include <string>

namespace kefu::http {

struct Url {
  bool tls = false;
  std::string host;
  std::string port;
  std::string target;  ///< path and query, at least "/"
};
/// http:// or https:// only. Errors: `invalid_argument`.
Result<Url> parse_url(const std::string& url);

struct ClientOptions {
  std::size_t max_idle_connections = 16;  ///< kept open per client, for all hosts together
  std::size_t max_response_bytes = 16 * 1024 * 1024;
  std::string ca_file = {};  ///< PEM; empty: the system's certificates
  ProxyRules proxy = {};     ///< for https
};

struct ClientRequest {
  std::string method = "GET";
  std::string url = {};
  Fields fields = {};
  std::string body = {};
};

/// A response whose body is taken as it comes.
class ResponseStream {
 public:
  virtual ~ResponseStream() = default;
  virtual int status() const = 0;
  virtual const Fields& fields() const = 0;
  /// The next bytes, empty at the end. Errors: `unavailable`, `deadline_exceeded`, `bad_upstream` (truncated
  /// or malformed), `payload_too_large`.
  virtual Task<Result<std::string>> read_some(Deadline deadline) = 0;
};

/// HTTP/1.1 client (Beast) over TCP or TLS (certificates and host names are verified; through the
/// tunnel of a proxy where the rules say so), with kept-alive connections. A request on a kept connection
/// that the server had closed is sent again on a new one; nothing else is retried. Errors of all:
/// `invalid_argument` (bad URL), `unavailable` (no connection, TLS failure), `deadline_exceeded`,
/// `bad_upstream`, `payload_too_large`. A status of 400 or more is a response, not an error.
class Client {
 public:
  Client(asio::any_io_executor executor, ClientOptions options);
  ~Client();
  Task<Result<Response>> send(ClientRequest request, Deadline deadline);
  Task<Result<std::unique_ptr<ResponseStream>>> open(ClientRequest request, Deadline deadline);

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace kefu::http
