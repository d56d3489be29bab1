#include "dead_letters.hpp"

#include <kefu/async/signal.hpp>
#include <kefu/proto/subjects.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace kefu::ingest {
namespace {

using namespace std::chrono_literals;

constexpr auto kPoll = 500ms;

}  // namespace

Task<void> DeadLetters::run() {
  const bus::ReplayOptions options{
      .stream = std::string(bus::kDeadLetterStream),
      .filter_subject = std::string(bus::kDeadLetterPrefix) + std::string(proto::kPassagesStream),
      .headers_only = true};
  std::unique_ptr<bus::Replay> replay;
  while (!stopping_) {
    if (!replay) {
      auto opened = reader_.replay(options);
      if (opened) replay = std::move(*opened);
    }
    if (!replay) {
      co_await sleep_for(kPoll);
      continue;
    }
    auto letter = co_await replay->next(Deadline::in(kPoll));
    if (letter) {
      while (!stopping_ && !co_await take(*letter)) co_await sleep_for(kPoll);
    } else if (letter.error().code != Errc::deadline_exceeded) {
      if (letter.error().code == Errc::not_found) replay.reset();
      co_await sleep_for(kPoll);
    }
  }
}

/// False when it must be tried again. The payload may be what nobody could read, or have been too large to
/// keep: the subject always says which job it is.
Task<bool> DeadLetters::take(bus::StoredMessage letter) {
  const auto part = proto::parse_passages_subject(letter.headers.get(bus::header::kDeadSubject));
  if (!part || part->version.version == 0) co_return true;
  const std::uint64_t job = part->version.version;
  const std::string reason(letter.headers.get(bus::header::kDeadReason));
  const auto failed_now = co_await states_.mark_failed(
      job, "passages of this document could not be embedded" + (reason.empty() ? "" : ": " + reason));
  if (!failed_now) co_return !traits(failed_now.error().code).retryable;
  if (*failed_now) {
    metrics_.jobs_failed.add();
    log_.warning("A job failed since its passages could not be embedded",
                 {{"job", static_cast<std::int64_t>(job)}, {"reason", reason}});
  }
  co_return true;
}

}  // namespace kefu::ingest
