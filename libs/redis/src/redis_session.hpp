#pragma once

#include "redis_protocol.hpp"

#include <kefu/async/reply_slot.hpp>
#include <kefu/async/task.hpp>
#include <kefu/base/deadline.hpp>
#include <kefu/base/error.hpp>

#include <boost/asio/ip/tcp.hpp>

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace kefu::redis {

/// One connection from its start to its end: commands go out in the order of the calls, replies come in that
/// order. Thread: the executor of the socket.
class Session : public std::enable_shared_from_this<Session> {
 public:
  /// `max_in_flight`: commands that wait for a reply.
  Session(asio::ip::tcp::socket socket, std::size_t max_in_flight);

  /// Reads replies until the connection ends; then every call open fails with `unavailable`.
  Task<void> read_loop();

  /// Sends `commands` commands, written already as `bytes`, and awaits as many replies. After the deadline
  /// the replies are still awaited in their place and dropped. Errors: `unavailable`, `deadline_exceeded`,
  /// `overloaded`.
  Task<Result<std::vector<Reply>>> call(std::string bytes, std::size_t commands, Deadline deadline);
  void close();
  bool closed() const { return closed_; }

 private:
  struct Call {
    Call(const asio::any_io_executor& executor, Deadline deadline, std::size_t commands)
        : slot(executor, deadline), missing(commands) {}
    ReplySlot<std::vector<Reply>> slot;
    std::size_t missing;
    std::vector<Reply> replies = {};
    bool abandoned = false;  ///< nobody waits any more
    Deadline::Clock::time_point sent = Deadline::Clock::now();
  };

  void flush();
  Result<> take(std::string_view bytes);
  Result<> deliver(Reply reply);
  void close_if_stalled();
  void fail_all();

  asio::ip::tcp::socket socket_;
  ReplyReader reader_;
  const std::size_t max_in_flight_;
  std::deque<std::shared_ptr<Call>> waiting_;
  std::size_t in_flight_ = 0;
  std::string unsent_;   ///< written by calls while `sending_` is on its way
  std::string sending_;  ///< belongs to the write under way; empty: none is
  Deadline::Clock::time_point heard_ = Deadline::Clock::now();
  bool closed_ = false;
};

}  // namespace kefu::redis
