#include "redis_session.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <utility>

namespace kefu::redis {
namespace {

constexpr std::size_t kPiece = 64 * 1024;
constexpr std::size_t kMaxReplyBytes = 64 * 1024 * 1024;
constexpr std::size_t kMaxUnsentBytes = 16 * 1024 * 1024;
/// A server that says nothing for so long, with a call waiting, is given up: calls then fail at once and not
/// at their deadline.
constexpr auto kStallLimit = std::chrono::seconds(3);

std::unexpected<Error> connection_lost() {
  return fail(Errc::unavailable, "the connection to the cache was lost");
}

}  // namespace

Session::Session(asio::ip::tcp::socket socket, std::size_t max_in_flight)
    : socket_(std::move(socket)), reader_(kMaxReplyBytes), max_in_flight_(max_in_flight) {}

Task<Result<std::vector<Reply>>> Session::call(std::string bytes, std::size_t commands, Deadline deadline) {
  if (closed_) co_return connection_lost();
  if (deadline.passed())
    co_return fail(Errc::deadline_exceeded, "the deadline passed before the cache was asked");
  if (in_flight_ >= max_in_flight_ || unsent_.size() >= kMaxUnsentBytes) {
    close_if_stalled();
    co_return fail(Errc::overloaded, "too many calls wait for the cache");
  }
  const auto self = shared_from_this();
  const auto call = std::make_shared<Call>(socket_.get_executor(), deadline, commands);
  waiting_.push_back(call);
  in_flight_ += commands;
  unsent_ += bytes;
  flush();
  auto replies = co_await call->slot.wait();
  if (!call->slot.delivered()) {
    call->abandoned = true;
    close_if_stalled();
  }
  co_return replies;
}

/// What calls add during one write goes out in the next one, together.
void Session::flush() {
  if (closed_ || !sending_.empty() || unsent_.empty()) return;
  std::swap(sending_, unsent_);
  asio::async_write(socket_, asio::buffer(sending_),
                    [self = shared_from_this()](boost::system::error_code error, std::size_t) {
                      self->sending_.clear();
                      if (error) return self->close();
                      self->flush();
                    });
}

Task<void> Session::read_loop() {
  const auto self = shared_from_this();
  std::vector<char> piece(kPiece);
  while (true) {
    const auto [error, bytes] = co_await socket_.async_read_some(asio::buffer(piece), kAsTuple);
    if (error || !take({piece.data(), bytes})) break;
  }
  close();
  fail_all();
}

Result<> Session::take(std::string_view bytes) {
  heard_ = Deadline::Clock::now();
  KEFU_CHECK(reader_.feed(bytes));
  while (true) {
    KEFU_TRY(auto reply, reader_.next());
    if (!reply) return {};
    KEFU_CHECK(deliver(*std::move(reply)));
  }
}

Result<> Session::deliver(Reply reply) {
  if (waiting_.empty()) return fail(Errc::bad_upstream, "the cache answered what nobody asked");
  Call& call = *waiting_.front();
  if (!call.abandoned) call.replies.push_back(std::move(reply));
  --in_flight_;
  if (--call.missing > 0) return {};
  if (!call.abandoned) call.slot.deliver(std::move(call.replies));
  waiting_.pop_front();
  return {};
}

void Session::close_if_stalled() {
  if (waiting_.empty()) return;
  const auto silent_since = std::max(heard_, waiting_.front()->sent);
  if (Deadline::Clock::now() - silent_since >= kStallLimit) close();
}

void Session::close() {
  closed_ = true;
  boost::system::error_code ignored;
  socket_.close(ignored);
}

void Session::fail_all() {
  for (const auto& call : waiting_) call->slot.deliver(connection_lost());
  waiting_.clear();
}

}  // namespace kefu::redis
