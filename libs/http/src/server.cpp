#include "server_exchange.hpp"

#include <kefu/async/signal.hpp>
#include <kefu/async/task_group.hpp>
#include <kefu/http/server.hpp>

#include <boost/asio/ip/tcp.hpp>

#include <algorithm>
#include <array>
#include <exception>
#include <set>
#include <utility>

namespace kefu::http {
namespace {

using boost::system::error_code;
using tcp = asio::ip::tcp;

constexpr auto kAcceptPause =
    std::chrono::milliseconds(100);  ///< after an error such as "too many open files"
constexpr auto kLingerTime = std::chrono::seconds(2);
constexpr auto kFirstRequestTime = std::chrono::seconds(1);  ///< of a connection made just before drain()
constexpr auto kFirstRequestPause = std::chrono::milliseconds(5);
constexpr std::size_t kMaxRefusals = 64;  ///< connections at once that are told 503; more are just closed

}  // namespace

/// Everything runs on the executor. The tasks of the group refer to this object, and drain() awaits them.
class Server::Impl {
 public:
  Impl(asio::any_io_executor executor, ServerOptions options, RequestHandler handler,
       Router::ErrorHandler on_error)
      : executor_(std::move(executor)),
        options_(std::move(options)),
        handler_(std::move(handler)),
        on_error_(std::move(on_error)),
        acceptor_(executor_),
        tasks_(executor_, {}) {}

  Result<> start();
  std::uint16_t port() const { return port_; }
  void close_after_response() { closing_ = true; }
  std::size_t connections() const { return connections_.size(); }
  Task<void> drain();

 private:
  class Member;

  Task<void> accept_loop();
  void admit_backlog();
  bool has_fresh() const;
  void close_idle(bool also_fresh);
  void admit(tcp::socket socket);
  Task<void> serve(tcp::socket socket);
  Task<void> refuse(tcp::socket socket);
  Task<bool> serve_one(ServerConnection& connection);
  Task<void> handle(ServerExchange& exchange);
  Task<void> report(ServerExchange& exchange, Error error);
  Task<void> linger(ServerConnection& connection);
  std::chrono::milliseconds nap() const { return std::min(options_.idle_timeout, options_.progress_timeout); }

  asio::any_io_executor executor_;
  const ServerOptions options_;
  RequestHandler handler_;
  Router::ErrorHandler on_error_;
  tcp::acceptor acceptor_;
  std::uint16_t port_ = 0;
  bool closing_ = false;   ///< every response says so
  bool draining_ = false;  ///< no further request is read, but for the first one of a connection
  std::set<ServerConnection*> connections_;
  std::size_t refusals_ = 0;
  TaskGroup tasks_;
};

/// The place of a connection in `connections_`, given up also when its frame is destroyed.
class Server::Impl::Member {
 public:
  Member(Impl& server, ServerConnection& connection) : server_(server), connection_(connection) {
    server_.connections_.insert(&connection_);
  }
  ~Member() { server_.connections_.erase(&connection_); }
  Member(const Member&) = delete;
  Member& operator=(const Member&) = delete;

 private:
  Impl& server_;
  ServerConnection& connection_;
};

Result<> Server::Impl::start() {
  error_code error;
  const auto address = asio::ip::make_address(options_.address, error);
  if (error) return fail(Errc::unavailable, "not an IP address to listen on: " + options_.address);
  const tcp::endpoint endpoint(address, options_.port);
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    error_code ignored;
    acceptor_.close(ignored);
    return fail(Errc::unavailable,
                "cannot listen on " + options_.address + " port " + std::to_string(options_.port),
                error.message());
  }
  port_ = acceptor_.local_endpoint(error).port();
  tasks_.spawn(accept_loop());
  return {};
}

Task<void> Server::Impl::accept_loop() {
  while (!draining_) {
    auto [error, socket] = co_await acceptor_.async_accept(kAsTuple);
    if (!error) {
      admit(std::move(socket));
    } else if (draining_) {
      break;
    } else if (error != asio::error::connection_aborted) {
      co_await sleep_for(kAcceptPause);
    }
  }
}

void Server::Impl::admit(tcp::socket socket) {
  if (connections_.size() < options_.max_connections) {
    tasks_.spawn(serve(std::move(socket)));
  } else if (refusals_ < kMaxRefusals) {
    tasks_.spawn(refuse(std::move(socket)));
  }
}

Task<void> Server::Impl::serve(tcp::socket socket) {
  ServerConnection connection(std::move(socket), nap());
  const Member member(*this, connection);
  while ((connection.fresh || !draining_) && co_await serve_one(connection)) {
  }
}

/// True when the connection can take another request.
Task<bool> Server::Impl::serve_one(ServerConnection& connection) {
  ServerExchange exchange(connection, options_, closing_);
  const auto read = co_await exchange.read_head();
  connection.fresh = false;
  if (read == ServerExchange::Head::closed) co_return false;
  if (read == ServerExchange::Head::bad) {
    co_await report(exchange, exchange.problem());
  } else {
    co_await handle(exchange);
  }
  if (co_await exchange.finish()) co_return true;
  if (exchange.must_linger()) co_await linger(connection);
  co_return false;
}

Task<void> Server::Impl::handle(ServerExchange& exchange) {
  std::string what = "the handler did not answer";
  try {
    co_await handler_(exchange);
  } catch (const std::exception& exception) {
    what = exception.what();
  } catch (...) {
    what = "an exception of an unknown type";
  }
  if (!exchange.responded()) co_await report(exchange, Error{Errc::internal, "internal error", what});
}

Task<void> Server::Impl::report(ServerExchange& exchange, Error error) {
  try {
    co_await on_error_(exchange, std::move(error));
  } catch (...) {
    exchange.give_up();  // a bug in the code that reports bugs
  }
}

Task<void> Server::Impl::refuse(tcp::socket socket) {
  ++refusals_;
  {
    ServerConnection connection(std::move(socket), nap());
    ServerExchange exchange(connection, options_, closing_);
    exchange.refuse(Error{Errc::overloaded, "too many connections"}, 503);
    co_await report(exchange, exchange.problem());
    if (exchange.must_linger()) co_await linger(connection);
  }
  --refusals_;
}

/// Closing a socket that holds unread bytes resets the connection, which can destroy the response before the
/// client reads it.
Task<void> Server::Impl::linger(ServerConnection& connection) {
  connection.socket.shutdown_send();
  std::array<char, 4096> dropped;
  const Deadline deadline = Deadline::in(kLingerTime);
  while (!deadline.passed()) {
    const auto got = co_await connection.socket.read_some(asio::buffer(dropped), deadline);
    if (!got || *got == 0) break;
  }
}

Task<void> Server::Impl::drain() {
  closing_ = true;
  draining_ = true;
  admit_backlog();
  error_code ignored;
  acceptor_.close(ignored);
  close_idle(false);
  // Clients that connected a moment ago are about to send the request that they connected for.
  const Deadline deadline = Deadline::in(kFirstRequestTime);
  do {
    co_await sleep_for(kFirstRequestPause);  // also lets the tasks of the backlog begin
  } while (has_fresh() && !deadline.passed());
  close_idle(true);
  co_await tasks_.join();
}

/// The kernel has completed these connections: their clients believe that they were accepted.
void Server::Impl::admit_backlog() {
  error_code error;
  acceptor_.non_blocking(true, error);
  while (!error) {
    tcp::socket socket(executor_);
    acceptor_.accept(socket, error);
    if (!error) admit(std::move(socket));
  }
}

bool Server::Impl::has_fresh() const {
  return std::ranges::any_of(connections_,
                             [](const ServerConnection* connection) { return connection->fresh; });
}

void Server::Impl::close_idle(bool also_fresh) {
  for (ServerConnection* connection : connections_) {
    const bool waits = connection->idle && !connection->socket.has_unread();
    if (waits && (also_fresh || !connection->fresh)) connection->socket.close();
  }
}

Server::Server(asio::any_io_executor executor, ServerOptions options, RequestHandler handler,
               Router::ErrorHandler on_error)
    : impl_(std::make_shared<Impl>(std::move(executor), std::move(options), std::move(handler),
                                   std::move(on_error))) {}

Server::~Server() = default;

Result<> Server::start() { return impl_->start(); }
std::uint16_t Server::port() const { return impl_->port(); }
void Server::close_connections_after_response() { impl_->close_after_response(); }
Task<void> Server::drain() { return impl_->drain(); }
std::size_t Server::connections() const { return impl_->connections(); }

}  // namespace kefu::http
