#include "tracker_loop.hpp"

#include <kefu/proto/subjects.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace kefu::ingest {
namespace {

using namespace std::chrono_literals;

constexpr auto kCallTime = 5s;
/// How long stop() may take to be noticed, and how soon what failed is tried again.
constexpr auto kPoll = 500ms;
/// Many messages come at once: what is due is looked for after the burst, not at each of them.
constexpr auto kSettle = 20ms;

}  // namespace

TrackerLoop::TrackerLoop(asio::any_io_executor executor, bus::StreamStore& store, bus::StreamReader& reader,
                         bus::KeyValueBucket& states_bucket, bus::KeyValueBucket& leases,
                         bus::KeyValueBucket& knowledge_bases, JobStates& states, Clearance& clearance,
                         const telemetry::Logger& log, const IngestMetrics& metrics)
    : store_(store),
      reader_(reader),
      states_bucket_(states_bucket),
      leases_(leases, kPoll,
              [this](const std::optional<bus::KvEntry>& entry) {
                if (entry) take_lease(*entry);
              }),
      knowledge_bases_(knowledge_bases, kPoll,
                       [this](const std::optional<bus::KvEntry>& entry) {
                         if (entry) take_knowledge_base(*entry);
                       }),
      states_(states),
      clearance_(clearance),
      log_(log),
      metrics_(metrics),
      publisher_(store),
      changed_(std::move(executor)) {}

void TrackerLoop::start(TaskGroup& tasks) {
  tasks.spawn(follow_states());
  tasks.spawn(leases_.run());
  tasks.spawn(knowledge_bases_.run());
  tasks.spawn(follow_log());
  tasks.spawn(write_states());
}

void TrackerLoop::stop() {
  stopping_ = true;
  leases_.stop();
  knowledge_bases_.stop();
  changed_.raise();
}

Task<void> TrackerLoop::pause() { co_await changed_.wait(Deadline::in(kPoll)); }

/// The end of the log is read before the states: a job that is not among them yet writes only behind it.
Task<void> TrackerLoop::follow_states() {
  std::unique_ptr<bus::KvWatch> watch;
  while (!stopping_) {
    if (!watch) {
      const auto log = co_await store_.state(std::string(proto::kVectorsStream), Deadline::in(kCallTime));
      auto opened = log ? states_bucket_.watch() : fail(log.error());
      if (!opened) {
        co_await sleep_for(kPoll);
        continue;
      }
      if (!states_known_) log_end_at_start_ = log->last_sequence;
      watch = std::move(*opened);
      watched_revision_ = 0;
    }
    const auto entry = co_await watch->next(Deadline::in(kPoll));
    if (entry && *entry) {
      if (const auto stored = parse_state(**entry)) tracker_.on_state(*stored);
      watched_revision_ = std::max(watched_revision_, (*entry)->revision);
    } else if (entry) {
      states_known_ = true;
    } else if (entry.error().code != Errc::deadline_exceeded) {
      watch.reset();
      co_await sleep_for(kPoll);
    }
    if (entry) changed_.raise();
  }
}

/// The last message of a bucket's stream is the state that was written last, unless all have expired.
Task<Result<>> TrackerLoop::catch_up(Deadline deadline) {
  KEFU_CO_TRY(const bus::StreamState written,
              co_await store_.state("KV_" + std::string(proto::kJobStatesBucket), deadline));
  const auto behind = [&] {
    return !states_known_ || (written.messages > 0 && watched_revision_ < written.last_sequence);
  };
  while (behind()) {
    if (stopping_) co_return fail(Errc::cancelled, "the service stops");
    if (deadline.passed()) co_return fail(Errc::not_ready, "the states of jobs are not all known yet");
    co_await changed_.wait(deadline);
  }
  co_return Result<>{};
}

void TrackerLoop::take_lease(const bus::KvEntry& entry) {
  kefu::v1::IndexLease lease;
  if (!entry.erased && lease.ParseFromString(entry.value)) {
    tracker_.on_lease(entry.key, lease, std::chrono::steady_clock::now());
  } else {
    tracker_.on_lease_erased(entry.key);
  }
  changed_.raise();
}

void TrackerLoop::take_knowledge_base(const bus::KvEntry& entry) {
  kefu::v1::KnowledgeBase record;
  if (entry.erased || !record.ParseFromString(entry.value)) return;
  tracker_.on_knowledge_base(record);
  changed_.raise();
}

Task<void> TrackerLoop::follow_log() {
  while (!stopping_ && !states_known_) co_await pause();
  std::uint64_t from = tracker_.log_begin(log_end_at_start_ + 1);
  log_read_up_to_ = from - 1;
  std::unique_ptr<bus::Replay> replay;
  while (!stopping_) {
    if (!replay) {
      auto opened = reader_.replay(
          {.stream = std::string(proto::kVectorsStream), .from_sequence = from, .headers_only = true});
      if (!opened) {
        co_await sleep_for(kPoll);
        continue;
      }
      replay = std::move(*opened);
    }
    const auto message = co_await replay->next(Deadline::in(kPoll));
    if (!tracker_.knows_log()) co_await name_log();
    if (message) {
      tracker_.on_log_message(message->subject, message->headers, message->sequence);
      log_read_up_to_ = message->sequence;
      changed_.raise();
    } else if (message.error().code == Errc::not_found) {
      log_.error("The stream of vectors was made again; its jobs are counted anew");
      tracker_.on_log_lost();
      from = 1;
      log_read_up_to_ = 0;
      replay.reset();
      co_await sleep_for(kPoll);
    } else if (message.error().code != Errc::deadline_exceeded) {
      co_await sleep_for(kPoll);
    }
  }
}

/// Asked while the replay reads: should the log be made again after that, the replay says so.
Task<void> TrackerLoop::name_log() {
  auto log = co_await store_.state(std::string(proto::kVectorsStream), Deadline::in(kCallTime));
  if (!log) co_return;
  tracker_.on_log_known(std::move(log->incarnation));
  changed_.raise();
}

Task<void> TrackerLoop::write_states() {
  while (!stopping_) {
    co_await changed_.wait(Deadline::in(kPoll));
    co_await sleep_for(kSettle);
    for (StoredState& stored : tracker_.due(std::chrono::steady_clock::now(), unix_milliseconds_now())) {
      co_await write_one(std::move(stored));
    }
    co_await clear_up();
    metrics_.jobs_unfinished.set(static_cast<double>(tracker_.unfinished()));
  }
}

/// A version is committed by compare-and-set first, so that a job that is cancelled at the same moment is
/// never seen.
Task<void> TrackerLoop::write_one(StoredState stored) {
  const bool newly_committed = stored.state.committed() && !tracker_.is_committed(stored.state.job());
  const auto revision = co_await states_.write(stored.state, stored.revision);
  if (revision) {
    stored.revision = *revision;
    tracker_.on_state(stored);
    co_return co_await wrote(std::move(stored), newly_committed);
  }
  // Another replica, or the flow, was faster: its state is looked at instead.
  const auto newest = co_await states_.load(stored.state.job());
  if (newest && *newest) tracker_.on_state(**newest);
}

Task<void> TrackerLoop::wrote(StoredState stored, bool newly_committed) {
  if (newly_committed) co_await publish_manifest(stored.state);
  if (stored.state.state() == kefu::v1::JobState::STATE_FAILED)
    co_return co_await failed(std::move(stored.state));
  if (stored.state.state() != kefu::v1::JobState::STATE_DONE) co_return;
  if (!stored.state.committed()) co_await drop_passages(stored.state);
  metrics_.jobs_done.add();
  log_.info("A job is done", {{"job", static_cast<std::int64_t>(stored.state.job())},
                              {"passages", static_cast<std::int64_t>(stored.state.extracted().done())}});
}

/// What cannot be cleared now is cleared by and by.
Task<void> TrackerLoop::failed(kefu::v1::JobState state) {
  metrics_.jobs_failed.add();
  log_.warning("A job failed", {{"job", static_cast<std::int64_t>(state.job())},
                                {"request_id", state.request_id()},
                                {"reason", state.error()}});
  (void)co_await clearance_.clear(std::move(state));
}

/// Should it fail, the tracker finds it due again.
Task<void> TrackerLoop::publish_manifest(kefu::v1::JobState committed) {
  const auto published = co_await publisher_.publish_manifest(version_of(committed), committed.manifest());
  if (published) co_return;
  log_.warning("A committed version could not be published yet",
               {{"job", static_cast<std::int64_t>(committed.job())}, {"reason", published.error().message}});
}

/// What others should have done, but may have died before. Failures show up here again.
Task<void> TrackerLoop::clear_up() {
  const auto now = std::chrono::steady_clock::now();
  for (kefu::v1::JobState& committed : tracker_.manifests_due(now)) {
    co_await publish_manifest(std::move(committed));
  }
  for (kefu::v1::JobState& replaced : tracker_.newly_replaced()) co_await drop_passages(std::move(replaced));
  for (kefu::v1::JobState& failed : tracker_.clearances_due(now)) {
    (void)co_await clearance_.clear(std::move(failed));
  }
  const std::vector<std::uint64_t> strays = tracker_.take_strays();
  if (!co_await clearance_.erase_strays(strays)) tracker_.give_back_strays(strays);
}

/// Whatever is not dropped is embedded for nothing, and does no other harm.
Task<void> TrackerLoop::drop_passages(kefu::v1::JobState replaced) {
  if (replaced.watch_from_sequence() == 0) co_return;
  (void)co_await clearance_.drop_passages(version_of(replaced));
}

}  // namespace kefu::ingest
