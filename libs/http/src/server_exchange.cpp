#include "server_exchange.hpp"

#include "request_target.hpp"
#include "take_body.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

namespace kefu::http {
namespace {

namespace beast_http = boost::beast::http;
using boost::system::error_code;

constexpr std::size_t kHeadPiece = 4 * 1024;
constexpr std::size_t kBodyPiece = 64 * 1024;
constexpr std::size_t kDrainLimit = 64 * 1024;    ///< of an unread body, so that the connection can be kept
constexpr std::size_t kIdleCapacity = 16 * 1024;  ///< kept by a connection that waits for its next request
constexpr int kRequestTimeout = 408;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr std::string_view kLastChunk = "0\r\n\r\n";

asio::const_buffer buffer_of(std::string_view text) { return asio::buffer(text.data(), text.size()); }

std::string chunk_head(std::size_t size) {
  std::array<char, 20> digits;
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), size, 16);
  return std::string(digits.data(), end) + "\r\n";
}

}  // namespace

ServerExchange::ServerExchange(ServerConnection& connection, const ServerOptions& options,
                               const bool& closing)
    : connection_(connection), options_(options), closing_(closing) {
  parser_.header_limit(static_cast<std::uint32_t>(options.max_header_bytes));
  parser_.body_limit(boost::none);  // the handler's limit counts, see read_body()
  head_.peer = connection.peer;
}

Task<ServerExchange::Head> ServerExchange::read_head() {
  std::optional<Deadline>
      whole_head;  // a client that sends a byte now and then is not let hold the connection
  while (!parser_.is_header_done()) {
    if (connection_.buffer.size() > 0) {
      if (!whole_head) whole_head = Deadline::in(options_.progress_timeout);
      error_code error;
      connection_.buffer.consume(parser_.put(connection_.buffer.data(), error));
      if (error == beast_http::error::header_limit) {
        refuse(Error{Errc::payload_too_large, "the head of the request is too large"}, 431);
        co_return Head::bad;
      }
      if (error && error != beast_http::error::need_more) {
        refuse(Error{Errc::invalid_argument, "the head of the request is malformed", error.message()}, 400);
        co_return Head::bad;
      }
      if (parser_.is_header_done()) break;
    }
    connection_.idle = !whole_head;
    const Deadline deadline = whole_head ? *whole_head : Deadline::in(options_.idle_timeout);
    const auto filled = co_await fill(kHeadPiece, deadline);
    connection_.idle = false;
    if (!filled) co_return whole_head&& stalled_ ? Head::bad : Head::closed;
  }
  has_head_ = true;
  if (const auto taken = take_head(); !taken) {
    refuse(taken.error(), 400);
    co_return Head::bad;
  }
  co_return Head::ready;
}

Result<> ServerExchange::take_head() {
  const auto& message = parser_.get();
  head_.method = std::string_view(message.method_string());
  for (const auto& field : message) {
    head_.fields.add(std::string(std::string_view(field.name_string())),
                     std::string(std::string_view(field.value())));
  }
  http_1_0_ = message.version() < 11;
  is_head_ = head_.method == "HEAD";
  expects_continue_ =
      !http_1_0_ && !parser_.is_done() && boost::beast::iequals(head_.fields.get("expect"), "100-continue");
  keep_alive_ = parser_.keep_alive();
  // Both would let somebody in front of us see other requests than we do (RFC 9112, sections 3.2 and 6.3).
  const auto hosts = message.count(beast_http::field::host);
  if (hosts > 1 || (hosts == 0 && !http_1_0_)) {
    return fail(Errc::invalid_argument, "the request must have one Host field");
  }
  if (message.count(beast_http::field::transfer_encoding) > 0 && !parser_.chunked()) {
    return fail(Errc::invalid_argument, "the transfer encoding is not known");
  }
  const auto target = message.target();
  return take_request_target({target.data(), target.size()}, head_);
}

void ServerExchange::refuse(Error problem, int status) {
  problem_ = std::move(problem);
  forced_status_ = status;
  keep_alive_ = false;
}

/// At least one byte, or an error.
Task<Result<>> ServerExchange::fill(std::size_t at_most, Deadline deadline) {
  auto& buffer = connection_.buffer;
  const auto read = co_await connection_.socket.read_some(buffer.prepare(at_most), deadline);
  if (!read && read.error().code == Errc::deadline_exceeded) {
    stalled_ = true;
    refuse({Errc::deadline_exceeded, "the request did not arrive in time"}, kRequestTimeout);
    co_return fail(problem_);
  }
  if (!read || *read == 0) {
    gone_ = true;
    if (!read) co_return fail(read.error());
    co_return fail(Errc::cancelled, "the client went away");
  }
  buffer.commit(*read);
  co_return Result<>{};
}

Task<Result<std::string>> ServerExchange::read_body(std::size_t limit) {
  const auto too_large = [] { return fail(Errc::payload_too_large, "the body of the request is too large"); };
  const auto length = parser_.content_length();
  if (length && *length > limit) co_return too_large();
  whole_body_ = Deadline::in(options_.body_timeout);
  std::string body;
  std::size_t size = 0;
  while (true) {
    // Memory follows what has come, not what was announced. One byte over the limit shows that there is more.
    const std::size_t wanted = std::max(kHeadPiece, size * 2);
    body.resize(std::min<std::size_t>(wanted, length ? static_cast<std::size_t>(*length) + 1 : limit + 1));
    KEFU_CO_TRY(const std::size_t got, co_await read_some(std::span(body).subspan(size)));
    if (got == 0) break;
    size += got;
    if (size > limit) co_return too_large();
  }
  body.resize(size);
  co_return body;
}

Task<Result<std::size_t>> ServerExchange::read_some(std::span<char> into) {
  if (gone_) co_return fail(Errc::cancelled, "the client went away");
  if (stalled_) co_return fail(problem_);
  if (malformed_) co_return fail(Errc::invalid_argument, "the body of the request is malformed");
  if (parser_.is_done() || into.empty()) co_return std::size_t{0};
  KEFU_CO_CHECK(co_await send_continue());
  while (true) {
    error_code error;
    const std::size_t got = take_body(parser_, connection_.buffer, into, error);
    if (error) {
      malformed_ = true;
      co_return fail(Errc::invalid_argument, "the body of the request is malformed", error.message());
    }
    if (got > 0 || parser_.is_done()) co_return got;
    KEFU_CO_CHECK(co_await fill(kBodyPiece, body_deadline()));
  }
}

Deadline ServerExchange::body_deadline() const {
  const Deadline progress = Deadline::in(options_.progress_timeout);
  return whole_body_ ? whole_body_->at_most(options_.progress_timeout) : progress;
}

Task<Result<>> ServerExchange::send_continue() {
  if (!std::exchange(expects_continue_, false)) co_return Result<>{};
  if (connection_.buffer.size() > 0) co_return Result<>{};  // it did not wait
  co_return co_await send({buffer_of(kContinue)});
}

Task<Result<>> ServerExchange::send(TimedSocket::Buffers buffers) {
  auto sent = co_await connection_.socket.write_all(buffers, options_.progress_timeout);
  if (!sent) gone_ = true;
  co_return sent;
}

/// What respond() and begin_stream() share.
Result<> ServerExchange::begin(Response& response) {
  if (state_ != State::open) return fail(Errc::internal, "the exchange was answered twice");
  response.status = status_of(response.status);
  keep_alive_ = keep_alive_ && !closing_ && !malformed_ && (parser_.is_done() || body_is_small());
  return {};
}

/// Whether finish() will get rid of what the handler left of the body. A client that waits for "100 Continue"
/// may send it or not: nothing can be known of what follows.
bool ServerExchange::body_is_small() const {
  if (expects_continue_) return false;
  const auto remaining = parser_.content_length_remaining();
  return !remaining || *remaining <= kDrainLimit;
}

Task<Result<>> ServerExchange::respond(Response response) {
  KEFU_CO_CHECK(begin(response));
  state_ = State::complete;
  if (gone_) co_return fail(Errc::cancelled, "the client went away");
  const auto framing = status_has_no_body(response.status) ? Framing::no_body : Framing::length;
  const std::string head = response_head(response, framing, keep_alive_, http_1_0_);
  std::string_view body;
  if (framing == Framing::length && !is_head_) body = response.body;
  co_return co_await send({buffer_of(head), buffer_of(body)});
}

Framing ServerExchange::framing_of_stream(int status) const {
  if (status_has_no_body(status)) return Framing::no_body;
  return http_1_0_ ? Framing::until_close : Framing::chunked;
}

Task<Result<>> ServerExchange::begin_stream(Response response) {
  KEFU_CO_CHECK(begin(response));
  state_ = State::streaming;
  if (gone_) co_return fail(Errc::cancelled, "the client went away");
  framing_ = framing_of_stream(response.status);
  if (framing_ == Framing::until_close) keep_alive_ = false;
  std::string head = response_head(response, framing_, keep_alive_, http_1_0_);
  if (!response.body.empty() && !is_head_ && framing_ != Framing::no_body) {
    if (framing_ == Framing::chunked) head += chunk_head(response.body.size());
    head += response.body;
    if (framing_ == Framing::chunked) head += "\r\n";
  }
  co_return co_await send({buffer_of(head)});
}

Task<Result<>> ServerExchange::write(std::string data) {
  if (state_ != State::streaming) co_return fail(Errc::internal, "no stream was begun");
  if (gone_) co_return fail(Errc::cancelled, "the client went away");
  if (data.empty() || is_head_ || framing_ == Framing::no_body) co_return Result<>{};
  if (framing_ == Framing::until_close) co_return co_await send({buffer_of(data)});
  const std::string head = chunk_head(data.size());
  co_return co_await send({buffer_of(head), buffer_of(data), buffer_of("\r\n")});
}

Task<Result<>> ServerExchange::end_stream() {
  if (state_ != State::streaming) co_return fail(Errc::internal, "no stream was begun");
  state_ = State::complete;
  if (gone_) co_return fail(Errc::cancelled, "the client went away");
  if (is_head_ || framing_ != Framing::chunked) co_return Result<>{};
  co_return co_await send({buffer_of(kLastChunk)});
}

Task<bool> ServerExchange::finish() {
  if (!keep_alive_ || !answered()) co_return false;
  std::array<char, kHeadPiece> dropped;
  whole_body_ = Deadline::in(options_.progress_timeout);
  for (std::size_t total = 0; !parser_.is_done() && total <= kDrainLimit;) {
    const auto got = co_await read_some(dropped);
    if (!got) co_return false;
    total += *got;
  }
  auto& buffer = connection_.buffer;
  if (buffer.size() == 0 && buffer.capacity() > kIdleCapacity) buffer.shrink_to_fit();
  co_return parser_.is_done();
}

bool ServerExchange::must_linger() const {
  if (!answered()) return false;
  return !has_head_ || !parser_.is_done() || connection_.buffer.size() > 0 || connection_.socket.has_unread();
}

}  // namespace kefu::http
