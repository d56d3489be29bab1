#include <kefu/async/signal.hpp>
#include <kefu/async/task_group.hpp>
#include <kefu/testing/process.hpp>
#include <kefu/testing/tcp_gate.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <future>
#include <list>
#include <stdexcept>
#include <thread>
#include <utility>

namespace kefu::testing {

using asio::ip::tcp;

/// Everything but the constructor, the destructor and control() runs on the gate's own thread.
class TcpGate::Impl {
 public:
  explicit Impl(std::uint16_t target)
      : target_(asio::ip::address_v4::loopback(), target),
        listen_(asio::ip::address_v4::loopback(), free_port()) {
    listen();
    thread_ = std::thread([this] { io_.run(); });
  }

  ~Impl() {
    control([this] {
      paused_ = false;
      close_all();
    });
    guard_.reset();
    thread_.join();
  }

  std::uint16_t port() const { return listen_.port(); }

  /// Runs `change` on the gate's thread and returns when it has been made.
  template <class Change>
  void control(Change change) {
    std::promise<void> done;
    asio::post(io_, [&] {
      change();
      done.set_value();
    });
    done.get_future().get();
  }

  void listen() {
    if (acceptor_.is_open()) return;
    acceptor_.open(tcp::v4());
    acceptor_.set_option(tcp::acceptor::reuse_address(true));
    acceptor_.bind(listen_);
    acceptor_.listen();
    tasks_.spawn(accept_all());
  }

  void close_all() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    for (const auto& link : links_) close(*link);
    resumed_.raise();
  }

  void set_paused(bool paused) {
    paused_ = paused;
    resumed_.raise();
  }

  void set_split(std::size_t bytes) { split_ = bytes; }

 private:
  struct Link {
    explicit Link(asio::io_context& io) : client(io), server(io) {}
    tcp::socket client;
    tcp::socket server;
    bool closed = false;
  };

  static void close(Link& link) {
    boost::system::error_code ignored;
    link.closed = true;
    link.client.close(ignored);
    link.server.close(ignored);
  }

  Task<void> accept_all() {
    for (;;) {
      auto link = std::make_shared<Link>(io_);
      const auto [error] = co_await acceptor_.async_accept(link->client, kAsTuple);
      // Not by is_open(): restore() may have opened it again, with a loop of its own.
      if (error == asio::error::operation_aborted) co_return;
      if (!error) tasks_.spawn(serve(std::move(link)));
    }
  }

  Task<void> serve(std::shared_ptr<Link> link) {
    const auto position = links_.insert(links_.end(), link);
    const auto [error] = co_await link->server.async_connect(target_, kAsTuple);
    if (!error && !link->closed) {
      link->client.set_option(tcp::no_delay(true));
      link->server.set_option(tcp::no_delay(true));
      tasks_.spawn(pump(link, &link->server, &link->client));
      co_await pump(link, &link->client, &link->server);
    }
    close(*link);
    links_.erase(position);
  }

  Task<void> pump(std::shared_ptr<Link> link, tcp::socket* from, tcp::socket* to) {
    std::array<char, 16384> buffer;
    while (!link->closed) {
      const auto [error, count] = co_await from->async_read_some(asio::buffer(buffer), kAsTuple);
      while (paused_ && !link->closed) co_await resumed_.wait();
      if (error || link->closed || !co_await forward(to, buffer.data(), count)) break;
    }
    close(*link);
  }

  Task<bool> forward(tcp::socket* to, const char* data, std::size_t count) {
    while (count > 0) {
      const std::size_t piece = split_ == 0 ? count : std::min(split_, count);
      const auto [error, written] = co_await asio::async_write(*to, asio::buffer(data, piece), kAsTuple);
      if (error) co_return false;
      data += written;
      count -= written;
      // Lets the receiver read this piece before the next one is there.
      if (split_ != 0 && count > 0) co_await sleep_for(std::chrono::microseconds(100));
    }
    co_return true;
  }

  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> guard_ = asio::make_work_guard(io_);
  tcp::endpoint target_;
  tcp::endpoint listen_;
  tcp::acceptor acceptor_{io_};
  Signal resumed_{io_.get_executor()};
  bool paused_ = false;
  std::size_t split_ = 0;
  std::list<std::shared_ptr<Link>> links_;
  TaskGroup tasks_{io_.get_executor(),
                   [](std::exception_ptr exception) { std::rethrow_exception(exception); }};
  std::thread thread_;
};

TcpGate::TcpGate(std::uint16_t target) : impl_(std::make_unique<Impl>(target)) {}
TcpGate::~TcpGate() = default;
std::uint16_t TcpGate::port() const { return impl_->port(); }
void TcpGate::cut() {
  impl_->control([this] { impl_->close_all(); });
}
void TcpGate::restore() {
  impl_->control([this] { impl_->listen(); });
}
void TcpGate::pause() {
  impl_->control([this] { impl_->set_paused(true); });
}
void TcpGate::resume() {
  impl_->control([this] { impl_->set_paused(false); });
}
void TcpGate::split(std::size_t bytes) {
  impl_->control([this, bytes] { impl_->set_split(bytes); });
}

}  // namespace kefu::testing
