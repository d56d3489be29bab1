#pragma once

#include "watchdog.hpp"

#include <kefu/async/task.hpp>
#include <kefu/base/deadline.hpp>
#include <kefu/base/error.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <array>
#include <chrono>
#include <cstddef>

namespace kefu::http {

/// A TCP connection of the server whose every wait ends. A read that expires leaves the socket open, so that
/// the client can be told; a write closes it, and all later calls fail. Errors of all: `cancelled` (the
/// client went away, or close() was called), `deadline_exceeded`.
class TimedSocket {
 public:
  using Buffers = std::array<asio::const_buffer, 3>;

  TimedSocket(asio::ip::tcp::socket socket, std::chrono::milliseconds nap);

  /// 0 when the client closed its side.
  Task<Result<std::size_t>> read_some(asio::mutable_buffer into, Deadline deadline);
  /// Each part of it that the client takes starts `progress` anew.
  Task<Result<>> write_all(Buffers buffers, std::chrono::milliseconds progress);

  void close();
  void shutdown_send();
  /// Bytes that came and were not read.
  bool has_unread() const;
  std::string peer() const;

 private:
  void expire();
  std::unexpected<Error> failure() const;

  asio::ip::tcp::socket socket_;
  bool reading_ = false;
  bool expired_ = false;  ///< the wait that is under way, or that ended last
  Watchdog watchdog_;     // last: its callback closes the socket
};

}  // namespace kefu::http
