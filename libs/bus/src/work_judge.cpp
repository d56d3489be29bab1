#include "work_judge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

namespace kefu::bus {
namespace {

constexpr std::chrono::seconds kAppendLimit{5};

/// Whoever failed may have said it in several lines, which no header takes.
std::string one_line(std::string text) {
  std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  return text;
}

Message dead_letter(const std::string& stream, const StoredMessage& message, const std::string& reason) {
  Message letter{.subject = std::string(kDeadLetterPrefix) + stream,
                 .payload = message.payload,
                 .headers = message.headers};
  letter.headers.set(std::string(header::kDeadSubject), message.subject);
  letter.headers.set(std::string(header::kDeadSequence), std::to_string(message.sequence));
  letter.headers.set(std::string(header::kDeadReason), reason);
  return letter;
}

}  // namespace

Task<Verdict> WorkJudge::decide(StoredMessage message, std::uint64_t deliveries) {
  std::string reason;
  if (deliveries > options_.max_deliveries) {
    // Each of its workers died, or was not heard of again.
    reason = fmt::format("not finished in {} deliveries", options_.max_deliveries);
  } else {
    WorkOutcome outcome = co_await run_handler(message, deliveries);
    if (outcome.disposition == Disposition::done) co_return Verdict{Verdict::Kind::done};
    if (outcome.disposition == Disposition::later)
      co_return Verdict{Verdict::Kind::later, outcome.given_back, outcome.delay};
    const bool final = outcome.disposition == Disposition::give_up;
    if (!final && deliveries < options_.max_deliveries) co_return again(deliveries);
    reason = final ? std::move(outcome.reason)
                   : fmt::format("{} deliveries failed: {}", deliveries, outcome.reason);
  }
  co_return co_await bury(std::move(message), deliveries, one_line(std::move(reason)));
}

Task<WorkOutcome> WorkJudge::run_handler(StoredMessage message, std::uint64_t deliveries) {
  std::string reason;
  try {
    co_return co_await handler_(std::move(message), static_cast<unsigned>(deliveries));
  } catch (const std::exception& exception) {
    reason = exception.what();
  }
  co_return WorkOutcome::retry(std::move(reason));
}

Task<Verdict> WorkJudge::bury(StoredMessage message, std::uint64_t deliveries, std::string reason) {
  co_await give_up_(message, reason);
  Message letter = dead_letter(options_.stream, message, reason);
  auto buried = co_await store_.append(letter, Deadline::in(kAppendLimit));
  if (!buried && buried.error().code == Errc::payload_too_large) {
    letter.payload.clear();  // the headers alone still tell what it was
    buried = co_await store_.append(std::move(letter), Deadline::in(kAppendLimit));
  }
  if (buried) co_return Verdict{Verdict::Kind::terminate};
  co_return again(deliveries);
}

Verdict WorkJudge::again(std::uint64_t deliveries) const {
  const std::chrono::nanoseconds wait = options_.ack_wait;
  const std::uint64_t doublings = std::clamp<std::uint64_t>(deliveries, 1, 8) - 1;
  return {Verdict::Kind::again, std::min(wait, wait / 30 * (std::int64_t{1} << doublings))};
}

}  // namespace kefu::bus
