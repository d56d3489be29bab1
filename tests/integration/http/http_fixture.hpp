#pragma once

#include <kefu/async/signal.hpp>
#include <kefu/http/client.hpp>
#include <kefu/http/server.hpp>
#include <kefu/testing/run_task.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <utility>

namespace kefu::http {

using namespace std::chrono_literals;

/// The shape of errors in these tests: the wire code is the body.
inline Task<void> answer_error(Exchange& exchange, Error error) {
  co_await exchange.respond({traits(error.code).http_status,
                             {{"Content-Type", "text/plain"}},
                             std::string(traits(error.code).wire_code)});
}

/// A client that says exactly what a test wants said. Runs the event loop, so that a server in the same
/// thread answers.
class RawClient {
 public:
  RawClient(asio::io_context& io, std::uint16_t port) : io_(io), socket_(io) {
    socket_.connect({asio::ip::make_address("127.0.0.1"), port});
  }

  void send(std::string text) { testing::run_task(io_, send_all(std::move(text))); }
  /// Up to and with `end`, or all until the connection closes.
  std::string receive_until(std::string end) { return testing::run_task(io_, receive(std::move(end))); }
  /// Everything until the server closes the connection.
  std::string receive_rest() { return receive_until(""); }
  std::string ask(std::string text) {
    send(std::move(text));
    return receive_rest();
  }
  void shutdown_send() { socket_.shutdown(asio::ip::tcp::socket::shutdown_send); }
  void close() { socket_.close(); }
  void reset() {
    socket_.set_option(asio::socket_base::linger(true, 0));
    socket_.close();
  }
  asio::ip::tcp::socket& socket() { return socket_; }

 private:
  Task<void> send_all(std::string text) { co_await asio::async_write(socket_, asio::buffer(text), kAsTuple); }
  Task<std::string> receive(std::string end) {
    while (end.empty() || buffer_.find(end) == std::string::npos) {
      std::array<char, 4096> piece;
      const auto [error, bytes] = co_await socket_.async_read_some(asio::buffer(piece), kAsTuple);
      buffer_.append(piece.data(), bytes);
      if (error) co_return std::exchange(buffer_, {});
    }
    const std::size_t size = buffer_.find(end) + end.size();
    std::string text = buffer_.substr(0, size);
    buffer_.erase(0, size);
    co_return text;
  }

  asio::io_context& io_;
  asio::ip::tcp::socket socket_;
  std::string buffer_;
};

/// Where handlers wait until the test lets them on.
struct Gate {
  explicit Gate(asio::any_io_executor executor) : opened(std::move(executor)) {}
  Signal opened;
  bool is_open = false;
  int inside = 0;
  void open() {
    is_open = true;
    opened.raise();
  }
};

class HttpTest : public ::testing::Test {
 protected:
  ~HttpTest() override { stop(); }

  void serve(RequestHandler handler, ServerOptions options = {}) {
    options.port = 0;
    server_ = std::make_unique<Server>(io_.get_executor(), options, std::move(handler), &answer_error);
    const auto started = server_->start();
    ASSERT_TRUE(started) << started.error().message;
  }
  void stop() {
    if (!server_) return;
    testing::run_task(io_, server_->drain());
    server_.reset();
  }
  template <class T>
  T run(Task<T> task) {
    return testing::run_task(io_, std::move(task));
  }
  template <class Condition>
  bool eventually(Condition condition) {
    return run(testing::eventually(std::move(condition)));
  }
  RawClient raw() { return RawClient(io_, server_->port()); }
  std::string url(const std::string& target) {
    return "http://127.0.0.1:" + std::to_string(server_->port()) + target;
  }
  Result<Response> send(Client& client, ClientRequest request, Deadline::Clock::duration limit = 10s) {
    return run(client.send(std::move(request), Deadline::in(limit)));
  }

  asio::io_context io_;
  Gate gate_{io_.get_executor()};
  std::unique_ptr<Server> server_;
};

// Handlers that several tests use.

inline Task<void> say_hello(Exchange& exchange) { co_await exchange.respond({200, {}, "hello"}); }

/// Answers with the method, the path and the body.
inline Task<void> echo(Exchange& exchange) {
  auto body = co_await exchange.read_body(1024);
  if (!body) {
    co_await answer_error(exchange, body.error());
    co_return;
  }
  co_await exchange.respond({200, {}, exchange.head().method + " " + exchange.head().path + " " + *body});
}

inline Task<void> wait_at(Gate& gate, Exchange& exchange) {
  ++gate.inside;
  while (!gate.is_open) co_await gate.opened.wait(Deadline::in(10s));
  co_await exchange.respond({200, {}, "late"});
}

inline Task<void> begin_and_wait_at(Gate& gate, Exchange& exchange) {
  co_await exchange.begin_stream({200, {}, "begun"});
  while (!gate.is_open) co_await gate.opened.wait(Deadline::in(10s));
  co_await exchange.end_stream();
}

}  // namespace kefu::http
