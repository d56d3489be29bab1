#include "jetstream_stored.hpp"

#include "base64.hpp"
#include "jetstream_api.hpp"

#include <cstdint>
#include <ctime>
#include <string_view>
#include <utility>

namespace kefu::bus::jetstream {
namespace {

using nlohmann::json;

Headers parse_headers(std::string_view block) {
  Headers headers;
  while (!block.empty()) {
    const std::size_t end = std::min(block.find("\r\n"), block.size());
    const std::string_view line = block.substr(0, end);
    block.remove_prefix(std::min(end + 2, block.size()));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;  // the line "NATS/1.0"
    const std::size_t value = std::min(line.find_first_not_of(' ', colon + 1), line.size());
    headers.set(std::string(line.substr(0, colon)), std::string(line.substr(value)));
  }
  return headers;
}

Task<Result<StoredMessage>> get_message(MessageBus& bus, std::string stream, json which, Deadline deadline) {
  KEFU_CO_TRY(const json answer, co_await call(bus, "STREAM.MSG.GET." + stream, std::move(which), deadline));
  const json message = answer.value("message", json::object());
  KEFU_CO_TRY(std::string payload, decode_base64(text(message, "data")));
  KEFU_CO_TRY(const std::string headers, decode_base64(text(message, "hdrs")));
  co_return StoredMessage{.subject = text(message, "subject"),
                          .payload = std::move(payload),
                          .headers = parse_headers(headers),
                          .sequence = number(message, "seq"),
                          .time = parse_time(text(message, "time"))};
}

}  // namespace

Task<Result<>> ensure_stream(MessageBus& bus, json config, Deadline deadline) {
  const std::string name = text(config, "name");
  // Creating what exists already in the same form is no error, so that replicas may start at once.
  const auto created = co_await call(bus, "STREAM.CREATE." + name, config, deadline);
  if (created) co_return Result<>();
  if (created.error().code != Errc::conflict) co_return std::unexpected(created.error());
  KEFU_CO_CHECK(co_await call(bus, "STREAM.UPDATE." + name, std::move(config), deadline));
  co_return Result<>();
}

Task<Result<StoredMessage>> last_message(MessageBus& bus, std::string stream, std::string subject,
                                         Deadline deadline) {
  json which{{"last_by_subj", std::move(subject)}};
  co_return co_await get_message(bus, std::move(stream), std::move(which), deadline);
}

Task<Result<StoredMessage>> message_at_or_after(MessageBus& bus, std::string stream, std::uint64_t sequence,
                                                std::string subject, Deadline deadline) {
  json which{{"seq", sequence}, {"next_by_subj", std::move(subject)}};
  co_return co_await get_message(bus, std::move(stream), std::move(which), deadline);
}

std::chrono::system_clock::time_point parse_time(const std::string& text) {
  std::tm parts{};
  const char* rest = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (rest == nullptr) return {};
  std::chrono::nanoseconds fraction{0};
  if (*rest == '.') {
    std::chrono::nanoseconds unit{100'000'000};
    for (++rest; *rest >= '0' && *rest <= '9'; ++rest, unit /= 10) fraction += (*rest - '0') * unit;
  }
  return std::chrono::system_clock::from_time_t(::timegm(&parts)) +
         std::chrono::duration_cast<std::chrono::system_clock::duration>(fraction);
}

}  // namespace kefu::bus::jetstream
