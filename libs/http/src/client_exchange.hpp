#pragma once

#include "client_connection.hpp"

#include <kefu/http/client.hpp>

#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

namespace kefu::http {

/// One request on one connection, and the response to it.
class ClientExchange {
 public:
  ClientExchange(std::unique_ptr<ClientConnection> connection, std::size_t max_response_bytes);

  /// Sends the request and reads the head of the response.
  /// Errors: `unavailable`, `deadline_exceeded`, `bad_upstream`.
  Task<Result<>> start(std::string head, std::string body, bool is_head, Deadline deadline);
  /// Whether a byte of the response came: if none did on a kept connection, the server had closed it.
  bool heard() const { return heard_; }

  int status() const { return status_; }
  const Fields& fields() const { return fields_; }
  /// The next bytes of the body, empty at its end.
  Task<Result<std::string>> read_some(Deadline deadline);
  /// After the end of the body: the connection, if it can be used again.
  std::unique_ptr<ClientConnection> take_connection();

 private:
  using Parser = boost::beast::http::response_parser<boost::beast::http::buffer_body>;

  Task<Result<>> read_head(bool is_head, Deadline deadline);
  Result<bool> parse_head(bool is_head);
  Task<Result<std::size_t>> fill(Deadline deadline);

  std::unique_ptr<ClientConnection> connection_;
  std::size_t max_response_bytes_;
  std::optional<Parser> parser_;  ///< anew for each informational response
  Fields fields_;
  int status_ = 0;
  std::size_t received_ = 0;
  bool heard_ = false;
};

}  // namespace kefu::http
