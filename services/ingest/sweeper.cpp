#include "sweeper.hpp"

#include "kefu/v1/log.pb.h"

#include <kefu/proto/subjects.hpp>

#include <optional>
#include <string_view>
#include <utility>

namespace kefu::ingest {
namespace {

using namespace std::chrono_literals;

constexpr auto kCallTime = 5s;
// A part that was erased may have been the last: then nothing comes, and that is the end.
constexpr auto kEndOfFiles = 500ms;
constexpr std::size_t kMaxPartsOfASweep = 65536;

/// The upload in `kefu.v1.files.<upload>.<part>`.
std::string upload_of(std::string_view subject) {
  subject.remove_prefix(std::min(subject.size(), proto::kFilesSubjects.size() - 1));
  return std::string(subject.substr(0, subject.find('.')));
}

}  // namespace

Sweeper::Sweeper(asio::any_io_executor executor, bus::StreamStore& store, bus::StreamReader& reader,
                 JobStates& states, const telemetry::Logger& log, std::chrono::milliseconds interval,
                 std::chrono::milliseconds age)
    : store_(store),
      reader_(reader),
      states_(states),
      log_(log),
      interval_(interval),
      age_(age),
      stopped_(std::move(executor)) {}

Task<void> Sweeper::run() {
  while (!stopping_) {
    co_await stopped_.wait(Deadline::in(interval_));
    if (stopping_) co_return;
    const auto removed = co_await sweep();
    if (!removed) {
      log_.warning("Old uploads could not be swept", {{"reason", removed.error().message}});
    } else if (*removed > 0) {
      log_.info("Removed parts of uploads that no job names",
                {{"parts", static_cast<std::int64_t>(*removed)}});
    }
  }
}

void Sweeper::stop() {
  stopping_ = true;
  stopped_.raise();
}

Task<Result<std::size_t>> Sweeper::sweep() {
  KEFU_CO_TRY(Parts parts, co_await old_parts());
  if (!parts.empty()) KEFU_CO_CHECK(co_await drop_those_in_use(parts));
  std::size_t removed = 0;
  for (const auto& [upload, sequences] : parts) {
    for (const std::uint64_t sequence : sequences) {
      KEFU_CO_CHECK(
          co_await store_.erase(std::string(proto::kFilesStream), sequence, Deadline::in(kCallTime)));
      ++removed;
    }
  }
  co_return removed;
}

/// Parts are in the order of their time: those behind the first young one are young.
Task<Result<Sweeper::Parts>> Sweeper::old_parts() {
  Parts parts;
  KEFU_CO_TRY(const bus::StreamState files,
              co_await store_.state(std::string(proto::kFilesStream), Deadline::in(kCallTime)));
  if (files.messages == 0) co_return parts;
  const auto newest = std::chrono::system_clock::now() - age_;
  KEFU_CO_TRY(const auto replay,
              reader_.replay({.stream = std::string(proto::kFilesStream), .headers_only = true}));
  for (std::size_t count = 0; count < kMaxPartsOfASweep && !stopping_; ++count) {
    const auto part = co_await replay->next(Deadline::in(kEndOfFiles));
    if (!part && part.error().code != Errc::deadline_exceeded) co_return fail(part.error());
    if (!part || part->time > newest) break;
    parts[upload_of(part->subject)].push_back(part->sequence);
    if (part->sequence >= files.last_sequence) break;
  }
  co_return parts;
}

Task<Result<>> Sweeper::drop_those_in_use(Parts& parts) {
  KEFU_CO_TRY(const bus::StreamState jobs,
              co_await store_.state(std::string(proto::kJobsStream), Deadline::in(kCallTime)));
  if (jobs.last_sequence == 0) co_return Result<>{};
  KEFU_CO_TRY(const auto replay, reader_.replay({.stream = std::string(proto::kJobsStream)}));
  for (std::uint64_t seen = 0; seen < jobs.last_sequence && !parts.empty();) {
    KEFU_CO_TRY(const bus::StoredMessage message, co_await replay->next(Deadline::in(kCallTime)));
    seen = message.sequence;
    kefu::v1::Job job;
    if (!job.ParseFromString(message.payload) || !parts.contains(job.upload_id())) continue;
    KEFU_CO_TRY(const bool used, co_await in_use(message));
    if (used) parts.erase(job.upload_id());
  }
  co_return Result<>{};
}

/// A job without a state has not begun, or ended so long ago that its state has expired.
Task<Result<bool>> Sweeper::in_use(bus::StoredMessage job) {
  KEFU_CO_TRY(const std::optional<StoredState> stored, co_await states_.load(job.sequence));
  if (!stored) co_return job.time > std::chrono::system_clock::now() - kStateLife;
  co_return !(is_finished(stored->state) || stored->state.published());
}

}  // namespace kefu::ingest
