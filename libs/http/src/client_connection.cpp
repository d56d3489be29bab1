#include "client_connection.hpp"

#include "tunnel.hpp"

#include <kefu/async/connect.hpp>

#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/write.hpp>
#include <sys/socket.h>

#include <utility>

namespace kefu::http {
namespace {

using boost::system::error_code;

constexpr auto kNap = std::chrono::seconds(1);

bool is_address(const std::string& host) {
  error_code error;
  asio::ip::make_address(host, error);
  return !error;
}

}  // namespace

std::string connection_key(const Url& url) {
  return (url.tls ? "https://" : "http://") + url.host + " " + url.port;
}

Task<Result<std::unique_ptr<ClientConnection>>> ClientConnection::open(asio::any_io_executor executor,
                                                                       Url url, asio::ssl::context* tls,
                                                                       const Proxy* proxy,
                                                                       Deadline deadline) {
  const std::string host = proxy == nullptr ? url.host : proxy->host;
  const std::string port = proxy == nullptr ? url.port : proxy->port;
  KEFU_CO_TRY(auto socket, co_await connect_tcp(executor, host, port, deadline));
  auto connection = std::make_unique<ClientConnection>(std::move(socket), connection_key(url));
  if (proxy != nullptr) KEFU_CO_CHECK(co_await connection->tunnel(connect_request(*proxy, url), deadline));
  if (tls != nullptr) KEFU_CO_CHECK(co_await connection->handshake(url.host, *tls, deadline));
  co_return connection;
}

ClientConnection::ClientConnection(asio::ip::tcp::socket socket, std::string key)
    : socket_(std::move(socket)), key_(std::move(key)), watchdog_(socket_.get_executor(), kNap, [this] {
        expired_ = true;
        error_code ignored;
        socket_.close(ignored);
      }) {}

/// Before TLS, so that the proxy sees host and port and nothing else.
Task<Result<>> ClientConnection::tunnel(std::string request, Deadline deadline) {
  KEFU_CO_CHECK(co_await write_all({asio::buffer(request), asio::const_buffer()}, deadline));
  std::string head;
  std::array<char, 1024> piece;
  while (!head.contains("\r\n\r\n") && head.size() < kMaxTunnelHeadBytes) {
    KEFU_CO_TRY(const std::size_t got, co_await read_some(asio::buffer(piece), deadline));
    if (got == 0) co_return fail(Errc::unavailable, "the proxy closed the connection", key_);
    head.append(piece.data(), got);
  }
  if (auto made = check_tunnel(head); !made)
    co_return fail(made.error().code, made.error().message, key_ + ": " + made.error().detail);
  co_return Result<>{};
}

Task<Result<>> ClientConnection::handshake(std::string host, asio::ssl::context& tls, Deadline deadline) {
  tls_.emplace(socket_, tls);
  tls_->set_verify_callback(asio::ssl::host_name_verification(host));
  if (!is_address(host) && SSL_set_tlsext_host_name(tls_->native_handle(), host.c_str()) != 1) {
    co_return fail(Errc::unavailable, "TLS cannot be used with this host name", key_);
  }
  watchdog_.arm(deadline);
  const auto [error] = co_await tls_->async_handshake(asio::ssl::stream_base::client, kAsTuple);
  watchdog_.disarm();
  if (error && expired_) co_return failure(error);
  if (error)
    co_return fail(Errc::unavailable, "no secure connection to the server", key_ + ": " + error.message());
  co_return Result<>{};
}

Task<Result<std::size_t>> ClientConnection::read_some(asio::mutable_buffer into, Deadline deadline) {
  error_code error;
  std::size_t bytes = 0;
  watchdog_.arm(deadline);
  if (tls_) {
    std::tie(error, bytes) = co_await tls_->async_read_some(into, kAsTuple);
  } else {
    std::tie(error, bytes) = co_await socket_.async_read_some(into, kAsTuple);
  }
  watchdog_.disarm();
  if (error == asio::error::eof) co_return std::size_t{0};
  if (error) co_return failure(error);
  co_return bytes;
}

Task<Result<>> ClientConnection::write_all(Buffers buffers, Deadline deadline) {
  error_code error;
  std::size_t bytes = 0;
  watchdog_.arm(deadline);
  if (tls_) {
    std::tie(error, bytes) = co_await asio::async_write(*tls_, buffers, kAsTuple);
  } else {
    std::tie(error, bytes) = co_await asio::async_write(socket_, buffers, kAsTuple);
  }
  watchdog_.disarm();
  if (error) co_return failure(error);
  co_return Result<>{};
}

std::unexpected<Error> ClientConnection::failure(const error_code& error) const {
  if (expired_) return fail(Errc::deadline_exceeded, "the server did not answer in time", key_);
  return fail(Errc::unavailable, "the connection to the server was lost", key_ + ": " + error.message());
}

bool ClientConnection::stale() {
  char byte = 0;
  const auto got = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (got > 0) return !tls_;  // TLS has messages of its own between responses
  return got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

}  // namespace kefu::http
