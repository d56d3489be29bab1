#pragma once

#include <kefu/async/task_group.hpp>
#include <kefu/testing/process.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>

#include <cstdint>
#include <list>
#include <memory>
#include <string>

namespace kefu::answer::testing {

/// Ends TLS before a server on 127.0.0.1 that speaks plain TCP, with a certificate of its own for
/// "localhost". On the event loop of the test.
class TlsFront {
 public:
  TlsFront(asio::io_context& io, std::uint16_t target);
  std::uint16_t port() const;
  /// The certificate, which signs itself.
  std::string ca_file() const;
  /// Closes all connections; must have returned before destruction.
  Task<void> close();

 private:
  struct Link {
    Link(asio::io_context& io, asio::ssl::context& tls) : client(io, tls), server(io) {}
    asio::ssl::stream<asio::ip::tcp::socket> client;
    asio::ip::tcp::socket server;
  };

  Task<void> accept_all();
  Task<void> serve(std::shared_ptr<Link> link);
  Task<void> client_to_server(std::shared_ptr<Link> link);
  Task<void> server_to_client(std::shared_ptr<Link> link);
  static void close(Link& link);

  asio::io_context& io_;
  kefu::testing::TemporaryDirectory directory_;
  asio::ssl::context tls_{asio::ssl::context::tls_server};
  asio::ip::tcp::endpoint target_;
  asio::ip::tcp::acceptor acceptor_;
  std::list<std::weak_ptr<Link>> links_;
  TaskGroup tasks_;
};

}  // namespace kefu::answer::testing
