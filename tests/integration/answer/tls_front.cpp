#include "tls_front.hpp"

#include <boost/asio/write.hpp>

#include <array>
#include <exception>
#include <utility>

namespace kefu::answer::testing {

using asio::ip::tcp;

TlsFront::TlsFront(asio::io_context& io, std::uint16_t target)
    : io_(io),
      target_(asio::ip::address_v4::loopback(), target),
      acceptor_(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
      tasks_(io.get_executor(), [](std::exception_ptr exception) { std::rethrow_exception(exception); }) {
  const std::string key = (directory_.path() / "key.pem").string();
  kefu::testing::run_command({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                              "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1", "-subj",
                              "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key,
                              "-out", ca_file()});
  tls_.use_certificate_chain_file(ca_file());
  tls_.use_private_key_file(key, asio::ssl::context::pem);
  tasks_.spawn(accept_all());
}

std::uint16_t TlsFront::port() const { return acceptor_.local_endpoint().port(); }

std::string TlsFront::ca_file() const { return (directory_.path() / "certificate.pem").string(); }

Task<void> TlsFront::close() {
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  for (const auto& weak : links_) {
    if (const auto link = weak.lock()) close(*link);
  }
  co_await tasks_.join();
}

void TlsFront::close(Link& link) {
  boost::system::error_code ignored;
  link.client.lowest_layer().close(ignored);
  link.server.close(ignored);
}

Task<void> TlsFront::accept_all() {
  for (;;) {
    auto link = std::make_shared<Link>(io_, tls_);
    const auto [error] = co_await acceptor_.async_accept(link->client.lowest_layer(), kAsTuple);
    if (error) co_return;
    links_.push_back(link);
    tasks_.spawn(serve(std::move(link)));
  }
}

Task<void> TlsFront::serve(std::shared_ptr<Link> link) {
  const auto [no_tls] = co_await link->client.async_handshake(asio::ssl::stream_base::server, kAsTuple);
  if (no_tls) co_return;
  const auto [no_server] = co_await link->server.async_connect(target_, kAsTuple);
  if (no_server) co_return;
  tasks_.spawn(server_to_client(link));
  co_await client_to_server(link);
}

Task<void> TlsFront::client_to_server(std::shared_ptr<Link> link) {
  std::array<char, 16384> buffer;
  for (;;) {
    const auto [error, count] = co_await link->client.async_read_some(asio::buffer(buffer), kAsTuple);
    if (error) break;
    const auto [failed, written] =
        co_await asio::async_write(link->server, asio::buffer(buffer, count), kAsTuple);
    if (failed) break;
  }
  close(*link);
}

Task<void> TlsFront::server_to_client(std::shared_ptr<Link> link) {
  std::array<char, 16384> buffer;
  for (;;) {
    const auto [error, count] = co_await link->server.async_read_some(asio::buffer(buffer), kAsTuple);
    if (error) break;
    const auto [failed, written] =
        co_await asio::async_write(link->client, asio::buffer(buffer, count), kAsTuple);
    if (failed) break;
  }
  close(*link);
}

}  // namespace kefu::answer::testing
