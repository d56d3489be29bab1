#include "connect_proxy.hpp"

#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <exception>
#include <utility>

namespace kefu::provider::testing {

using asio::ip::tcp;

ConnectProxy::ConnectProxy(asio::io_context& io, std::uint16_t target)
    : io_(io),
      target_(target),
      acceptor_(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
      tasks_(io.get_executor(), [](std::exception_ptr exception) { std::rethrow_exception(exception); }) {
  tasks_.spawn(accept_all());
}

std::uint16_t ConnectProxy::port() const { return acceptor_.local_endpoint().port(); }

Task<void> ConnectProxy::close() {
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  for (const auto& weak : links_) {
    const auto link = weak.lock();
    if (!link) continue;
    link->client.close(ignored);
    link->server.close(ignored);
  }
  co_await tasks_.join();
}

Task<void> ConnectProxy::accept_all() {
  for (;;) {
    auto link = std::make_shared<Link>(io_);
    const auto [error] = co_await acceptor_.async_accept(link->client, kAsTuple);
    if (error) co_return;
    links_.push_back(link);
    tasks_.spawn(serve(std::move(link)));
  }
}

std::string ConnectProxy::answer_to(const std::string& head) const {
  if (!refusal_.empty()) return refusal_;
  if (!required_.empty() && !head.contains("\r\nProxy-Authorization: " + required_ + "\r\n"))
    return "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";
  return "HTTP/1.1 200 Connection established\r\n\r\n";
}

Task<void> ConnectProxy::serve(std::shared_ptr<Link> link) {
  std::string head;
  const auto [no_head, size] =
      co_await asio::async_read_until(link->client, asio::dynamic_buffer(head), "\r\n\r\n", kAsTuple);
  if (no_head) co_return;
  seen_.push_back(head);
  const std::string answer = answer_to(head);
  const bool tunnels = answer.starts_with("HTTP/1.1 200") && refusal_.empty();
  if (tunnels) {
    const tcp::endpoint target(asio::ip::address_v4::loopback(), target_);
    const auto [no_server] = co_await link->server.async_connect(target, kAsTuple);
    if (no_server) co_return;
  }
  const auto [failed, written] = co_await asio::async_write(link->client, asio::buffer(answer), kAsTuple);
  if (failed || !tunnels) co_return;
  tasks_.spawn(forward(link, link->server, link->client));
  co_await forward(link, link->client, link->server);
}

Task<void> ConnectProxy::forward(std::shared_ptr<Link> link, Socket& from, Socket& to) {
  std::array<char, 16384> buffer;
  for (;;) {
    const auto [error, count] = co_await from.async_read_some(asio::buffer(buffer), kAsTuple);
    if (error) break;
    const auto [failed, written] = co_await asio::async_write(to, asio::buffer(buffer, count), kAsTuple);
    if (failed) break;
  }
  boost::system::error_code ignored;
  link->client.close(ignored);
  link->server.close(ignored);
}

}  // namespace kefu::provider::testing
