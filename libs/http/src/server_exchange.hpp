#pragma once

#include "head_text.hpp"
#include "timed_socket.hpp"

#include <kefu/http/server.hpp>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

namespace kefu::http {

/// What one connection keeps between its requests.
struct ServerConnection {
  ServerConnection(asio::ip::tcp::socket accepted, std::chrono::milliseconds nap)
      : socket(std::move(accepted), nap), peer(socket.peer()) {}

  TimedSocket socket;
  boost::beast::flat_buffer
      buffer;  ///< read and not yet parsed; holds the next request when clients pipeline
  std::string peer;
  bool idle = false;  ///< waits for the first byte of a request: drain() closes it
  bool fresh = true;  ///< no request came yet: whoever has just connected is about to send one
};

/// One request of a connection, parsed and answered.
class ServerExchange final : public Exchange {
 public:
  /// All outlive the exchange. `closing`: responses carry `Connection: close`.
  ServerExchange(ServerConnection& connection, const ServerOptions& options, const bool& closing);

  enum class Head {
    ready,
    bad,     ///< answer problem() and close
    closed,  ///< nothing to answer
  };
  /// Reads and parses the head.
  Task<Head> read_head();
  const Error& problem() const { return problem_; }
  /// Refuses before anything was read; `status` stands in for the one that the error's code has in the table.
  void refuse(Error problem, int status);
  /// The connection is closed without another word.
  void give_up() { gone_ = true; }

  /// After the handler: reads what is left of the body where that is little. True when the connection can go
  /// on.
  Task<bool> finish();
  /// Whether the client may be sending still, so that closing at once could destroy the response on its way.
  bool must_linger() const;

  const RequestHead& head() const override { return head_; }
  Task<Result<std::string>> read_body(std::size_t limit) override;
  Task<Result<std::size_t>> read_some(std::span<char> into) override;
  Task<Result<>> respond(Response response) override;
  int status_of(int status) const override { return forced_status_ != 0 ? forced_status_ : status; }
  Task<Result<>> begin_stream(Response head) override;
  Task<Result<>> write(std::string data) override;
  Task<Result<>> end_stream() override;
  bool responded() const override { return state_ != State::open; }
  /// True when the whole response was sent, and nothing failed.
  bool answered() const { return state_ == State::complete && !gone_; }

 private:
  enum class State { open, streaming, complete };

  Result<> take_head();
  Task<Result<>> fill(std::size_t at_most, Deadline deadline);
  /// The next read of the body.
  Deadline body_deadline() const;
  Task<Result<>> send_continue();
  Task<Result<>> send(TimedSocket::Buffers buffers);
  Result<> begin(Response& response);
  Framing framing_of_stream(int status) const;
  bool body_is_small() const;

  ServerConnection& connection_;
  const ServerOptions& options_;
  const bool& closing_;
  boost::beast::http::request_parser<boost::beast::http::buffer_body> parser_;
  RequestHead head_;
  Error problem_;
  std::optional<Deadline> whole_body_;  ///< unset while a handler reads it piece by piece
  int forced_status_ = 0;               ///< 408, 431 and the like, which no Errc has
  State state_ = State::open;
  Framing framing_ = Framing::length;
  bool has_head_ = false;
  bool http_1_0_ = false;
  bool is_head_ = false;  ///< HEAD: no body goes out
  bool expects_continue_ = false;
  bool keep_alive_ = false;
  bool gone_ = false;       ///< nothing can be read or sent any more
  bool stalled_ = false;    ///< the rest of the request is not waited for any more
  bool malformed_ = false;  ///< where the body ends is not known any more
};

}  // namespace kefu::http
