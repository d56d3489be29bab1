#include "jetstream_pull.hpp"

#include <kefu/base/ids.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <ranges>
#include <string_view>
#include <utility>
#include <vector>

namespace kefu::bus::jetstream {
namespace {

using namespace std::chrono_literals;

// How long after its time a pull may still be answered.
constexpr auto kGrace = 1s;

std::vector<std::string_view> split(std::string_view subject) {
  std::vector<std::string_view> tokens;
  for (const auto part : std::views::split(subject, '.')) tokens.emplace_back(part.begin(), part.end());
  return tokens;
}

std::uint64_t parse_number(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

Result<Delivery> read_delivery(Message message) {
  constexpr std::size_t kShort = 9;
  constexpr std::size_t kLong = 11;  // a random token may follow
  const std::vector<std::string_view> tokens = split(message.reply_to);
  const bool is_ack = tokens.size() >= 2 && tokens[0] == "$JS" && tokens[1] == "ACK";
  if (!is_ack || (tokens.size() != kShort && tokens.size() < kLong)) {
    return fail(Errc::bad_upstream, "not a message of a stream", message.reply_to);
  }
  const std::size_t first = tokens.size() == kShort ? 4 : 6;
  const auto nanoseconds = std::chrono::nanoseconds(parse_number(tokens[first + 3]));
  Delivery delivery{
      .message = {.subject = std::move(message.subject),
                  .payload = std::move(message.payload),
                  .headers = std::move(message.headers),
                  .sequence = parse_number(tokens[first + 1]),
                  .time = std::chrono::system_clock::time_point(
                      std::chrono::duration_cast<std::chrono::system_clock::duration>(nanoseconds))},
      .ack_subject = {},
      .deliveries = parse_number(tokens[first]),
      .consumer_sequence = parse_number(tokens[first + 2]),
      .pending = parse_number(tokens[first + 4])};
  delivery.ack_subject = std::move(message.reply_to);
  return delivery;
}

PullInbox::PullInbox(MessageBus& bus, const std::string& stream, const std::string& consumer,
                     std::chrono::milliseconds expires)
    : bus_(bus),
      api_subject_("$JS.API.CONSUMER.MSG.NEXT." + stream + "." + consumer),
      inbox_("_INBOX." + random_id(12)),
      expires_(expires) {}

Result<> PullInbox::open(std::size_t capacity) {
  // Room for the statuses too: each ends one pull, and a pull asks for at least one message.
  KEFU_TRY(feed_, bus_.subscribe(inbox_ + ".*", 2 * capacity + 16));
  return {};
}

Result<> PullInbox::ask(std::size_t count) {
  Pull pull{.subject = fmt::format("{}.{}", inbox_, ++last_pull_),
            .remaining = count,
            .lost_at = Clock::now() + expires_ + kGrace};
  Message request{.subject = api_subject_,
                  .payload = fmt::format(R"({{"batch":{},"expires":{}}})", count,
                                         std::chrono::nanoseconds(expires_).count()),
                  .reply_to = pull.subject};
  KEFU_CHECK(bus_.publish(std::move(request)));
  pulls_.push_back(std::move(pull));
  return {};
}

std::size_t PullInbox::outstanding() const {
  std::size_t sum = 0;
  for (const Pull& pull : pulls_) sum += pull.remaining;
  return sum;
}

void PullInbox::forget_lost() {
  const auto now = Clock::now();
  std::erase_if(pulls_, [now](const Pull& pull) { return pull.lost_at <= now; });
}

Task<Result<PullInbox::Pulled>> PullInbox::next(Deadline deadline) {
  auto message = co_await feed_->next(deadline);
  if (!message) {
    // What was on its way may not come, and after a reconnection the server knows of no pull of ours.
    if (message.error().code == Errc::overloaded) pulls_.clear();
    forget_lost();
    co_return std::unexpected(std::move(message).error());
  }
  if (!message->headers.get(header::kStatus).empty()) co_return status(*message);
  KEFU_CO_TRY(Delivery delivery, read_delivery(*std::move(message)));
  // The server spreads messages over the pulls; which one it was does not matter for the sum.
  if (!pulls_.empty() && --pulls_.front().remaining == 0) pulls_.pop_front();
  co_return Pulled{std::move(delivery)};
}

Result<PullInbox::Pulled> PullInbox::status(const Message& message) {
  const std::string_view code = message.headers.get(header::kStatus);
  const std::string_view description = message.headers.get(header::kDescription);
  if (code == "100") return Pulled{};  // a heartbeat
  std::erase_if(pulls_, [&](const Pull& pull) { return pull.subject == message.subject; });
  const bool no_responders = code == "503";
  if (no_responders || (code == "409" && description.find("Deleted") != std::string_view::npos)) {
    return fail(Errc::not_found, "the consumer does not exist any more", std::string(description));
  }
  return Pulled{};
}

void PullInbox::stop() { feed_->stop(); }

}  // namespace kefu::bus::jetstream
