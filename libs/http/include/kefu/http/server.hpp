#pragma once

#include <kefu/async/task.hpp>
#include <kefu/base/error.hpp>
#include <kefu/http/message.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kefu::http {

struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8080;           ///< 0: any free one
  std::size_t max_connections = 1024;  ///< more are answered 503 and closed
  std::size_t max_header_bytes = 16 * 1024;
  std::chrono::milliseconds idle_timeout{60000};  ///< between requests of one connection
  /// A client that does not send its request on for so long gets 408, one that takes nothing of its response
  /// is dropped.
  std::chrono::milliseconds progress_timeout{10000};
  /// Of a body that read_body() takes whole: a client that sends a byte now and then gets 408, too.
  std::chrono::milliseconds body_timeout{30000};
};

/// The head of a request. Path and query values are percent-decoded.
struct RequestHead {
  std::string method;
  std::string path;
  std::string encoded_path = {};  ///< as sent: the router must tell a/b from a%2Fb; empty: `path` is taken
  std::map<std::string, std::string> query;
  /// {kb} -> value. Mutable because the router, which sees a const head, fills it before it calls the
  /// handler.
  mutable std::map<std::string, std::string> path_parameters;
  Fields fields;
  std::string peer;  ///< address of the client
};

/// One request and the response to it. Exactly one of respond() or begin_stream()..end_stream() must be
/// called. A body that was not read is read and dropped up to a small limit, else the connection is closed.
class Exchange {
 public:
  virtual ~Exchange() = default;
  virtual const RequestHead& head() const = 0;
  /// The whole body. Errors: `payload_too_large` (found from Content-Length before anything is read, where it
  /// is given), `cancelled` when the client went away, `deadline_exceeded` when it stalled,
  /// `invalid_argument` for malformed framing.
  virtual Task<Result<std::string>> read_body(std::size_t limit) = 0;
  /// The next bytes of the body, 0 at its end: for bodies that are never held whole. Errors as above; how
  /// long the whole may take is for the caller to say.
  virtual Task<Result<std::size_t>> read_some(std::span<char> into) = 0;
  /// Errors: `cancelled`, `deadline_exceeded`.
  virtual Task<Result<>> respond(Response response) = 0;
  /// What respond() will put in the place of `status`: whoever stalls within a request is told so with 408,
  /// whoever is refused before a handler runs with 431 and the like, and no code of an Error has these.
  virtual int status_of(int status) const { return status; }
  /// A response in chunks (or until the connection closes, for HTTP/1.0). `head.body` is sent first.
  virtual Task<Result<>> begin_stream(Response head) = 0;
  virtual Task<Result<>> write(std::string data) = 0;
  virtual Task<Result<>> end_stream() = 0;
  /// True when respond() or begin_stream() was called.
  virtual bool responded() const = 0;
};

using RequestHandler = std::function<Task<void>(Exchange&)>;

/// Chooses a handler by method and path; answers 404 and 405 (with `Allow`) itself through `on_error`. HEAD
/// goes to the handler of GET: the server sends no body then.
class Router {
 public:
  using ErrorHandler = std::function<Task<void>(Exchange&, Error)>;
  explicit Router(ErrorHandler on_error) : on_error_(std::move(on_error)) {}

  /// `pattern`: "/v1/kbs/{kb}/documents"; a parameter matches one segment, which is not empty. Where two
  /// patterns match, the one whose text is literal further to the left is taken.
  void add(std::string method, std::string pattern, RequestHandler handler);
  Task<void> operator()(Exchange& exchange) const;

 private:
  struct Route {
    std::string method;
    std::vector<std::string> segments;
    RequestHandler handler;
  };
  const Route* find(std::string_view method, const std::vector<std::string_view>& segments) const;
  std::string allowed(const std::vector<std::string_view>& segments) const;

  std::vector<Route> routes_;
  ErrorHandler on_error_;
};

/// HTTP/1.1 server (Beast): keep-alive, chunked bodies both ways, Expect: 100-continue. A head over the limit
/// gets 431, a malformed one 400, one that stalls 408, in the shape that `on_error` gives.
class Server {
 public:
  Server(asio::any_io_executor executor, ServerOptions options, RequestHandler handler,
         Router::ErrorHandler on_error);
  /// drain() must have returned.
  ~Server();

  /// Binds and begins to accept. Errors: `unavailable` (address in use, no such address).
  Result<> start();
  std::uint16_t port() const;
  /// From now on every response carries `Connection: close`.
  void close_connections_after_response();
  /// Stops accepting, closes idle connections, and returns when every request accepted has been answered. A
  /// connection that was made but has sent nothing yet is given a second for its first request.
  Task<void> drain();
  std::size_t connections() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace kefu::http
