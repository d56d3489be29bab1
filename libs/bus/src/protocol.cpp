#include "protocol.hpp"

#include <kefu/base/ids.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>
#include <utility>

namespace kefu::bus {
namespace {

using std::chrono::microseconds;

// Longer than any request lives, and short enough that the sum with a time point cannot overflow.
constexpr microseconds kLongestRemaining = std::chrono::hours(24);

microseconds read_remaining(std::string_view text) {
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size()) return kDefaultRemaining;
  return std::clamp(microseconds(count), microseconds::zero(), kLongestRemaining);
}

}  // namespace

void add_context(const RequestContext& context, Message& message) {
  const auto remaining = std::chrono::duration_cast<microseconds>(context.deadline.remaining());
  message.headers.set(std::string(header::kRemainingMicroseconds), std::to_string(remaining.count()));
  if (!context.request_id.empty()) message.headers.set(std::string(header::kRequestId), context.request_id);
  if (!context.traceparent.empty())
    message.headers.set(std::string(header::kTraceparent), context.traceparent);
}

RequestContext read_context(const Message& message, std::chrono::steady_clock::time_point arrived) {
  const std::string_view id = message.headers.get(header::kRequestId);
  return RequestContext{
      .request_id = id.empty() ? random_id() : std::string(id),
      .deadline = Deadline::at(arrived + read_remaining(message.headers.get(header::kRemainingMicroseconds))),
      .traceparent = std::string(message.headers.get(header::kTraceparent))};
}

Message make_reply(const std::string& reply_to, std::string payload, bool more) {
  Message reply{.subject = reply_to, .payload = std::move(payload)};
  if (more) reply.headers.set(std::string(header::kMore), "1");
  return reply;
}

Message make_error_reply(const std::string& reply_to, const Error& error) {
  Message reply{.subject = reply_to, .payload = error.message};
  reply.headers.set(std::string(header::kError), std::string(traits(error.code).wire_code));
  return reply;
}

Error unserved_error() { return {Errc::unavailable, "nobody serves this request", "no responders"}; }

bool is_unserved(const Error& error) { return error == unserved_error(); }

Result<ReplyStream::Item> read_reply(Message message) {
  if (message.headers.get(header::kStatus) == "503") {
    return fail(unserved_error());
  }
  if (const std::string_view code = message.headers.get(header::kError); !code.empty()) {
    return fail(errc_from_wire(code), std::move(message.payload));
  }
  const bool more = message.headers.get(header::kMore) == "1";
  return ReplyStream::Item{std::move(message), !more};
}

std::size_t counted_size(const Message& message) {
  constexpr std::size_t kFrame = sizeof("NATS/1.0\r\n\r\n") - 1;
  constexpr std::size_t kEach = sizeof(": \r\n") - 1;
  std::size_t size = message.payload.size();
  if (!message.headers.empty()) size += kFrame;
  for (const auto& [name, value] : message.headers) size += name.size() + value.size() + kEach;
  return size;
}

}  // namespace kefu::bus
