#pragma once

#include <kefu/async/task.hpp>
#include <kefu/async/task_group.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <vector>

namespace kefu::provider::testing {

/// A small HTTP proxy on 127.0.0.1 that tunnels whatever it is asked for to one port of this machine, so that
/// tests can use names that nobody resolves. On the event loop of the test.
class ConnectProxy {
 public:
  ConnectProxy(asio::io_context& io, std::uint16_t target);
  std::uint16_t port() const;
  /// What it requires, as the value of Proxy-Authorization; else it answers 407.
  void require(std::string authorization) { required_ = std::move(authorization); }
  /// Answers this to CONNECT, and tunnels nothing.
  void refuse_with(std::string response) { refusal_ = std::move(response); }
  /// Heads of the requests so far.
  const std::vector<std::string>& seen() const { return seen_; }
  /// Closes all connections; must have returned before destruction.
  Task<void> close();

 private:
  using Socket = asio::ip::tcp::socket;
  struct Link {
    explicit Link(asio::io_context& io) : client(io), server(io) {}
    Socket client;
    Socket server;
  };

  Task<void> accept_all();
  Task<void> serve(std::shared_ptr<Link> link);
  static Task<void> forward(std::shared_ptr<Link> link, Socket& from, Socket& to);
  std::string answer_to(const std::string& head) const;

  asio::io_context& io_;
  std::uint16_t target_;
  asio::ip::tcp::acceptor acceptor_;
  std::string required_;
  std::string refusal_;
  std::vector<std::string> seen_;
  std::list<std::weak_ptr<Link>> links_;
  TaskGroup tasks_;
};

}  // namespace kefu::provider::testing
