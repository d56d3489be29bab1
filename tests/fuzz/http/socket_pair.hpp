#pragma once

#include <kefu/async/task.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace kefu::http {

/// A socket from which `input` comes, and then the end. What is written to it goes nowhere.
class SocketPair {
 public:
  SocketPair(asio::io_context& io, std::string_view input) : near_(io) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) std::abort();
    near_.assign(asio::ip::tcp::v4(), ends[0]);
    far_ = ends[1];
    if (::send(far_, input.data(), input.size(), MSG_DONTWAIT) != static_cast<ssize_t>(input.size()))
      std::abort();
    ::shutdown(far_, SHUT_WR);
  }
  ~SocketPair() { ::close(far_); }
  SocketPair(const SocketPair&) = delete;
  SocketPair& operator=(const SocketPair&) = delete;

  asio::ip::tcp::socket take() { return std::move(near_); }

 private:
  asio::ip::tcp::socket near_;
  int far_ = -1;
};

inline constexpr std::size_t kMaxInput = 32 * 1024;  ///< fits into the buffer of the socket

}  // namespace kefu::http
