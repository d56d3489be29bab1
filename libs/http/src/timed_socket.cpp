#include "timed_socket.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <utility>

namespace kefu::http {
namespace {

void advance(TimedSocket::Buffers& buffers, std::size_t bytes) {
  for (auto& buffer : buffers) {
    const std::size_t part = std::min(bytes, buffer.size());
    buffer += part;
    bytes -= part;
  }
}

}  // namespace

TimedSocket::TimedSocket(asio::ip::tcp::socket socket, std::chrono::milliseconds nap)
    : socket_(std::move(socket)), watchdog_(socket_.get_executor(), nap, [this] { expire(); }) {
  boost::system::error_code ignored;  // a client that is gone already is found by the first read
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
}

Task<Result<std::size_t>> TimedSocket::read_some(asio::mutable_buffer into, Deadline deadline) {
  expired_ = false;
  reading_ = true;
  watchdog_.arm(deadline);
  const auto [error, bytes] = co_await socket_.async_read_some(into, kAsTuple);
  watchdog_.disarm();
  reading_ = false;
  if (error == asio::error::eof) co_return std::size_t{0};
  if (error) co_return failure();
  co_return bytes;
}

Task<Result<>> TimedSocket::write_all(Buffers buffers, std::chrono::milliseconds progress) {
  expired_ = false;
  while (asio::buffer_size(buffers) > 0) {
    watchdog_.arm(Deadline::in(progress));
    const auto [error, bytes] = co_await socket_.async_write_some(buffers, kAsTuple);
    watchdog_.disarm();
    if (error) co_return failure();
    advance(buffers, bytes);
  }
  co_return Result<>{};
}

void TimedSocket::expire() {
  expired_ = true;
  if (!reading_) return close();
  boost::system::error_code ignored;
  socket_.cancel(ignored);
}

std::unexpected<Error> TimedSocket::failure() const {
  if (expired_) return fail(Errc::deadline_exceeded, "the client stalled");
  return fail(Errc::cancelled, "the client went away");
}

void TimedSocket::close() {
  boost::system::error_code ignored;
  socket_.close(ignored);
}

void TimedSocket::shutdown_send() {
  boost::system::error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
}

bool TimedSocket::has_unread() const {
  boost::system::error_code error;
  return socket_.available(error) > 0 && !error;
}

std::string TimedSocket::peer() const {
  boost::system::error_code error;
  const auto endpoint = socket_.remote_endpoint(error);
  return error ? std::string{} : endpoint.address().to_string();
}

}  // namespace kefu::http
