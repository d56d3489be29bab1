#include "replica.hpp"

#include <kefu/proto/streams.hpp>
#include <kefu/proto/subjects.hpp>

#include <malloc.h>

#include <algorithm>
#include <utility>

namespace kefu::index {
namespace {

using namespace std::chrono_literals;

constexpr auto kCallWithin = 5s;
constexpr auto kRetryPause = 1s;
/// How long stop() may take to be noticed, and how old the stream's end may be.
constexpr auto kIdle = 500ms;
/// Messages that come one after the other go to the disk together.
constexpr auto kGatherGap = 2ms;
constexpr std::size_t kBatchMessages = 512;
constexpr std::size_t kBatchBytes = 16 << 20;
constexpr std::size_t kLoadPassages = 4096;
/// Returning memory walks the whole heap, so it must be worth it.
constexpr std::size_t kTrimAfterBytes = 8 << 20;

std::string stream() { return std::string(proto::kVectorsStream); }

}  // namespace

Replica::Replica(const ReplicaParts& parts, std::filesystem::path file)
    : parts_(parts),
      view_(std::move(file), parts.log),
      changed_(parts.executor),
      state_is_fresh_until_(Deadline::in(0s)) {}

void Replica::stop() {
  stopping_ = true;
  changed_.raise();
}

Task<bool> Replica::wait_applied(std::uint64_t sequence, Deadline deadline) {
  while (applied_ < sequence) {
    if (stopping_ || !co_await changed_.wait(deadline)) co_return applied_ >= sequence;
  }
  co_return true;
}

Task<void> Replica::run() {
  while (!stopping_) {
    auto followed = co_await follow();
    if (followed || stopping_) continue;
    const Error& error = followed.error();
    parts_.log.warning("reading the log was interrupted", {{"code", traits(error.code).wire_code},
                                                           {"error", std::string_view(error.message)},
                                                           {"detail", std::string_view(error.detail)}});
    co_await sleep_for(kRetryPause);
  }
}

Task<Result<>> Replica::follow() {
  if (!loaded_) KEFU_CO_CHECK(co_await load());
  KEFU_CO_CHECK(co_await proto::ensure_streams(parts_.streams, {}, Deadline::in(kCallWithin)));
  KEFU_CO_CHECK(co_await look_for_the_end());
  KEFU_CO_TRY(const auto replay, parts_.reader.replay({.stream = stream(), .from_sequence = applied_ + 1}));
  store_ = view_.store();
  following_ = true;
  changed_.raise();
  bool same_stream = true;
  while (same_stream && !stopping_) {
    KEFU_CO_CHECK(co_await forget_deleted());
    KEFU_CO_TRY(auto messages, co_await gather(*replay));
    if (messages.empty()) {
      if (bytes_since_trim_ >= kTrimAfterBytes) co_await give_memory_back();
      KEFU_CO_TRY(same_stream, co_await look_for_the_end());
      continue;
    }
    KEFU_CO_CHECK(co_await apply(std::move(messages)));
    if (state_is_fresh_until_.passed()) {
      KEFU_CO_TRY(same_stream, co_await read_stream_state());
    }
  }
  co_return Result<>{};
}

/// Brings the engine to what the disk holds.
Task<Result<>> Replica::load() {
  co_await empty_engine();
  KEFU_CO_CHECK(co_await parts_.update_pool.run([this] { return view_.open(); }));
  auto engine = co_await load_engine();
  if (!engine && engine.error().code == Errc::data_corrupt) {
    parts_.log.warning("the index on disk is damaged and is built again from the log");
    co_await empty_engine();
    engine = co_await parts_.update_pool.run([this] { return view_.discard(); });
  }
  if (!engine) co_return fail(std::move(engine).error());
  stream_incarnation_ = view_.position().stream_incarnation;
  co_await publish_position();
  co_await give_memory_back();
  loaded_ = true;
  parts_.log.info("loaded the index from disk",
                  {{"applied_sequence", static_cast<std::int64_t>(applied_)},
                   {"passages", static_cast<std::int64_t>(parts_.engine.size().passages)}});
  co_return Result<>{};
}

Task<Result<>> Replica::load_engine() {
  knowledge_bases_ = co_await parts_.update_pool.run([this] { return view_.knowledge_bases(); });
  while (true) {
    KEFU_CO_TRY(auto updates,
                co_await parts_.update_pool.run([this] { return view_.load_some(kLoadPassages); }));
    if (updates.empty()) co_return Result<>{};
    KEFU_CO_CHECK(co_await parts_.engine.apply(std::move(updates)));
  }
}

Task<void> Replica::empty_engine() {
  for (const std::string& incarnation : std::exchange(knowledge_bases_, {})) {
    (void)co_await parts_.engine.forget(incarnation);
  }
  applied_ = 0;
  following_ = false;
  store_.reset();
  ++epoch_;
  changed_.raise();
}

Task<Result<bool>> Replica::read_stream_state() {
  KEFU_CO_TRY(const bus::StreamState state,
              co_await parts_.streams.state(stream(), Deadline::in(kCallWithin)));
  state_is_fresh_until_ = Deadline::in(kIdle);
  stream_end_ = state.last_sequence;
  if (state.incarnation == stream_incarnation_ && state.last_sequence >= applied_) co_return true;
  if (!stream_incarnation_.empty()) {
    parts_.log.warning("the log was made again: what was read of the old one is given up");
  }
  co_await empty_engine();
  KEFU_CO_CHECK(co_await parts_.update_pool.run(
      [this, incarnation = state.incarnation] { return view_.begin(incarnation); }));
  stream_incarnation_ = state.incarnation;
  co_return false;
}

/// The messages that are there now, at most a batch; none after a while without any.
Task<Result<std::vector<bus::StoredMessage>>> Replica::gather(bus::Replay& replay) {
  std::vector<bus::StoredMessage> messages;
  std::size_t bytes = 0;
  while (messages.size() < kBatchMessages && bytes < kBatchBytes) {
    const Deadline deadline = messages.empty() ? Deadline::in(kIdle) : Deadline::in(kGatherGap);
    auto message = co_await replay.next(deadline);
    if (!message) {
      // Any other error comes again with the next call; what was read until then counts.
      if (!messages.empty() || message.error().code == Errc::deadline_exceeded) break;
      co_return fail(std::move(message).error());
    }
    bytes += message->payload.size();
    messages.push_back(*std::move(message));
  }
  co_return messages;
}

Task<Result<>> Replica::apply(std::vector<bus::StoredMessage> messages) {
  parts_.metrics.replayed.add(static_cast<double>(messages.size()));
  for (const auto& message : messages) bytes_since_trim_ += message.payload.size();
  co_await parts_.update_pool.run(
      [this, messages = std::move(messages)]() mutable { view_.stage(std::move(messages)); });
  const std::uint64_t invalid = view_.invalid_messages();
  parts_.metrics.invalid.add(static_cast<double>(invalid - std::exchange(counted_invalid_, invalid)));
  co_return co_await flush();
}

/// The last messages of the stream may have been erased before they were read: what was applied then still
/// reaches to its end. To know it takes two questions in this order: where the stream ends, and then which is
/// the newest message that is left. Sequences up to that end are assigned, so none can come in between.
Task<Result<bool>> Replica::look_for_the_end() {
  KEFU_CO_TRY(const bool same_stream, co_await read_stream_state());
  const std::uint64_t end = stream_end_;
  if (end <= applied_) co_return same_stream;
  auto newest =
      co_await parts_.streams.last(stream(), std::string(proto::kVectorsSubjects), Deadline::in(kCallWithin));
  if (!newest && newest.error().code != Errc::not_found) co_return fail(std::move(newest).error());
  if (newest && newest->sequence > applied_) co_return same_stream;
  co_await parts_.update_pool.run([this, end] { view_.stage_end(end); });
  KEFU_CO_CHECK(co_await flush());
  co_return same_stream;
}

/// Between batches, so that no update of theirs is on its way to the engine.
Task<Result<>> Replica::forget_deleted() {
  for (const std::string& incarnation : std::exchange(to_forget_, {})) {
    KEFU_CO_CHECK(co_await parts_.update_pool.run([this, incarnation] { return view_.forget(incarnation); }));
    KEFU_CO_CHECK(co_await parts_.engine.forget(incarnation));
    parts_.log.info("a deleted knowledge base was swept", {{"incarnation", std::string_view(incarnation)}});
    co_await publish_position();
    bytes_since_trim_ += kTrimAfterBytes;
  }
  co_return Result<>{};
}

/// Disk, then engine, then applied. A disk that does not take it is tried again for as long as it takes.
Task<Result<>> Replica::flush() {
  auto updates = co_await parts_.update_pool.run([this] { return view_.flush(); });
  while (!updates && updates.error().code != Errc::data_corrupt && !stopping_) {
    if (disk_problem_.empty()) {
      parts_.log.error("the index cannot be written", {{"error", std::string_view(updates.error().message)},
                                                       {"detail", std::string_view(updates.error().detail)}});
    }
    disk_problem_ = updates.error().message;
    co_await sleep_for(kRetryPause);
    updates = co_await parts_.update_pool.run([this] { return view_.flush(); });
  }
  Result<> done;
  if (!updates) {
    done = fail(std::move(updates).error());
  } else if (!updates->empty()) {
    done = co_await parts_.engine.apply(*std::move(updates));
  }
  if (!done) {
    loaded_ = false;  // the engine lacks what the disk may have: everything is loaded again
    co_return done;
  }
  disk_problem_.clear();
  co_await publish_position();
  co_return done;
}

/// An import leaves the heap full of holes between the pages that are still needed, and so does the end of a
/// knowledge base: glibc keeps them unless it is told.
Task<void> Replica::give_memory_back() {
  co_await parts_.update_pool.run([] { ::malloc_trim(0); });
  bytes_since_trim_ = 0;
}

Task<void> Replica::publish_position() {
  auto [applied, bases] = co_await parts_.update_pool.run(
      [this] { return std::pair(view_.position().applied, view_.knowledge_bases()); });
  applied_ = applied;
  knowledge_bases_ = std::move(bases);
  changed_.raise();
}

Task<Result<std::vector<std::uint64_t>>> Replica::superseded(std::size_t limit, std::uint64_t applied) {
  co_return co_await parts_.update_pool.run(
      [this, limit, applied] { return view_.superseded(limit, applied); });
}

Task<Result<>> Replica::erased(std::vector<std::uint64_t> sequences) {
  co_return co_await parts_.update_pool.run(
      [this, sequences = std::move(sequences)] { return view_.erased(sequences); });
}

Task<std::vector<proto::VersionKey>> Replica::incomplete() {
  co_return co_await parts_.update_pool.run([this] { return view_.incomplete(); });
}

Task<Result<std::size_t>> Replica::drop(proto::VersionKey version, std::uint64_t sequence) {
  co_return co_await parts_.update_pool.run(
      [this, version = std::move(version), sequence] { return view_.drop(version, sequence); });
}

Task<Result<>> Replica::erased_up_to(std::uint64_t applied) {
  co_return co_await parts_.update_pool.run([this, applied] { return view_.erased_up_to(applied); });
}

}  // namespace kefu::index
