#include "client_exchange.hpp"

#include "take_body.hpp"

#include <boost/beast/http/error.hpp>

#include <array>
#include <utility>

namespace kefu::http {
namespace {

namespace beast_http = boost::beast::http;
using boost::system::error_code;

constexpr std::uint32_t kMaxHeadBytes = 64 * 1024;
constexpr std::size_t kPiece = 16 * 1024;

std::unexpected<Error> malformed(const error_code& error) {
  return fail(Errc::bad_upstream, "the server's response is malformed", error.message());
}

std::unexpected<Error> truncated() { return fail(Errc::bad_upstream, "the server's response is truncated"); }

std::unexpected<Error> too_large() {
  return fail(Errc::payload_too_large, "the server's response is too large");
}

}  // namespace

ClientExchange::ClientExchange(std::unique_ptr<ClientConnection> connection, std::size_t max_response_bytes)
    : connection_(std::move(connection)), max_response_bytes_(max_response_bytes) {}

Task<Result<>> ClientExchange::start(std::string head, std::string body, bool is_head, Deadline deadline) {
  const auto sent = co_await connection_->write_all({asio::buffer(head), asio::buffer(body)}, deadline);
  if (!sent && sent.error().code == Errc::deadline_exceeded) co_return fail(sent.error());
  // A server that refuses a body early answers and closes: its answer tells more than our failed write.
  auto answered = co_await read_head(is_head, deadline);
  if (!answered && !sent) co_return fail(sent.error());
  co_return answered;
}

Task<Result<>> ClientExchange::read_head(bool is_head, Deadline deadline) {
  while (true) {
    KEFU_CO_TRY(const bool complete, parse_head(is_head));
    if (complete) break;
    const auto got = co_await fill(deadline);
    if (got && *got > 0) continue;
    if (!got && (!heard_ || got.error().code == Errc::deadline_exceeded)) co_return fail(got.error());
    if (heard_) co_return truncated();
    co_return fail(Errc::unavailable, "the server closed the connection", connection_->key());
  }
  const auto length = parser_->content_length();
  if (!is_head && length && *length > max_response_bytes_) co_return too_large();
  co_return Result<>{};
}

/// True when the head of the final response is there.
Result<bool> ClientExchange::parse_head(bool is_head) {
  auto& buffer = connection_->buffer();
  while (buffer.size() > 0) {
    if (!parser_) {
      parser_.emplace();
      parser_->header_limit(kMaxHeadBytes);
      parser_->body_limit(boost::none);
      parser_->skip(is_head);
    }
    error_code error;
    buffer.consume(parser_->put(buffer.data(), error));
    if (error == beast_http::error::need_more) return false;
    if (error) return malformed(error);
    if (!parser_->is_header_done()) continue;
    const auto& message = parser_->get();
    status_ = static_cast<int>(message.result_int());
    if (status_ / 100 == 1) {
      parser_.reset();
      continue;
    }
    for (const auto& field : message) {
      fields_.add(std::string(std::string_view(field.name_string())),
                  std::string(std::string_view(field.value())));
    }
    return true;
  }
  return false;
}

/// 0 at the end of the connection.
Task<Result<std::size_t>> ClientExchange::fill(Deadline deadline) {
  auto& buffer = connection_->buffer();
  KEFU_CO_TRY(const std::size_t got, co_await connection_->read_some(buffer.prepare(kPiece), deadline));
  buffer.commit(got);
  heard_ = heard_ || got > 0;
  co_return got;
}

Task<Result<std::string>> ClientExchange::read_some(Deadline deadline) {
  std::array<char, kPiece> piece;
  while (!parser_->is_done()) {
    error_code error;
    const std::size_t size = take_body(*parser_, connection_->buffer(), piece, error);
    if (error) co_return malformed(error);
    received_ += size;
    if (received_ > max_response_bytes_) co_return too_large();
    if (size > 0) co_return std::string(piece.data(), size);
    if (parser_->is_done()) break;
    const auto got = co_await fill(deadline);
    if (!got && got.error().code == Errc::deadline_exceeded) co_return fail(got.error());
    if (!got) co_return truncated();
    if (*got > 0) continue;
    parser_->put_eof(error);
    if (error) co_return truncated();
  }
  co_return std::string{};
}

std::unique_ptr<ClientConnection> ClientExchange::take_connection() {
  if (!parser_ || !parser_->is_done() || !parser_->keep_alive() || connection_->buffer().size() > 0)
    return nullptr;
  return std::move(connection_);
}

}  // namespace kefu::http
