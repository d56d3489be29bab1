#pragma once

#include "watchdog.hpp"

#include <kefu/async/task.hpp>
#include <kefu/base/deadline.hpp>
#include <kefu/base/error.hpp>
#include <kefu/http/client.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

namespace kefu::http {

/// One connection of the client, TCP or TLS. Every wait has a deadline; on expiry the socket is closed.
/// Errors of all: `unavailable`, `deadline_exceeded`.
class ClientConnection {
 public:
  using Buffers = std::array<asio::const_buffer, 2>;

  /// `tls` is null for http; else it outlives the connection. Through `proxy`, which outlives the call,
  /// unless that is null.
  static Task<Result<std::unique_ptr<ClientConnection>>> open(asio::any_io_executor executor, Url url,
                                                              asio::ssl::context* tls, const Proxy* proxy,
                                                              Deadline deadline);
  ClientConnection(asio::ip::tcp::socket socket, std::string key);

  /// 0 when the server ended the connection in order.
  Task<Result<std::size_t>> read_some(asio::mutable_buffer into, Deadline deadline);
  Task<Result<>> write_all(Buffers buffers, Deadline deadline);

  /// Where it leads: connections of equal keys stand in for each other.
  const std::string& key() const { return key_; }
  /// Whether the server closed it, or said something unasked, while it was kept.
  bool stale();
  boost::beast::flat_buffer& buffer() { return buffer_; }

 private:
  Task<Result<>> tunnel(std::string request, Deadline deadline);
  Task<Result<>> handshake(std::string host, asio::ssl::context& tls, Deadline deadline);
  std::unexpected<Error> failure(const boost::system::error_code& error) const;

  asio::ip::tcp::socket socket_;
  std::optional<asio::ssl::stream<asio::ip::tcp::socket&>> tls_;
  std::string key_;
  boost::beast::flat_buffer buffer_;  ///< read and not yet parsed
  bool expired_ = false;
  Watchdog watchdog_;  // last: its callback closes the socket
};

std::string connection_key(const Url& url);

}  // namespace kefu::http
