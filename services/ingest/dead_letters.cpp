#include "dead_letters.hpp"

#include "kefu/v1/log.pb.h"

#include <kefu/async/signal.hpp>
#include <kefu/proto/subjects.hpp>

#include <chrono>
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
      .filter_subject = std::string(bus::kDeadLetterPrefix) + std::string(proto::kPassagesStream)};
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

/// False when it must be tried again.
Task<bool> DeadLetters::take(bus::StoredMessage letter) {
  kefu::v1::PassagePart part;
  if (!part.ParseFromString(letter.payload) || part.version() == 0) co_return true;
  const std::string reason(letter.headers.get(bus::header::kDeadReason));
  const auto failed_now =
      co_await states_.mark_failed(part.version(), "passages of this document could not be embedded" +
                                                       (reason.empty() ? "" : ": " + reason));
  if (!failed_now) co_return !traits(failed_now.error().code).retryable;
  if (*failed_now) {
    metrics_.jobs_failed.add();
    log_.warning("A job failed since its passages could not be embedded",
                 {{"job", static_cast<std::int64_t>(part.version())}, {"reason", reason}});
  }
  co_return true;
}

}  // namespace kefu::ingest
