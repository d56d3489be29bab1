#include "job_tracker.hpp"

#include <algorithm>
#include <charconv>
#include <ranges>
#include <utility>

namespace kefu::ingest {
namespace {

using namespace std::chrono_literals;
using kefu::v1::JobState;

constexpr auto kLeaseLife = 10s;
constexpr auto kProgressInterval = 500ms;
// Messages may be read before the state of their job is; those of jobs that finished long ago are read, too.
constexpr std::size_t kMaxUnknownVersions = 1024;
// Only the newest matter: a job that begins so much later than others that have ended is not to be expected.
constexpr std::size_t kMaxRemembered = 65536;
// How long whoever changed a state has for what belongs to it.
constexpr auto kPatience = 3s;

std::string document_key(const JobState& state) { return state.kb_incarnation() + '\n' + state.filename(); }

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::uint64_t total_of(const kefu::v1::Usage& usage) {
  return usage.embedding_tokens() + usage.saved_tokens();
}

/// What a stage would say: never more than its total, and never backwards, since a replica of ingest that has
/// just started has not read everything yet.
std::uint32_t raised(const JobState::Stage& stage, std::uint32_t done) {
  return std::max(stage.done(), std::min(done, stage.total()));
}

}  // namespace

void JobTracker::on_state(const StoredState& stored) {
  const std::uint64_t id = stored.state.job();
  if (stored.state.committed() || stored.state.state() == JobState::STATE_DONE) note_version(stored.state);
  if (!is_finished(stored.state)) {
    Tracked& tracked = jobs_[id];
    if (stored.revision >= tracked.stored.revision) tracked.stored = stored;
    return;
  }
  jobs_.erase(id);
  if (stored.state.state() == JobState::STATE_FAILED) note_failure(stored.state);
  logs_.erase(id);
}

/// Versions that were committed or are done.
void JobTracker::note_version(const JobState& state) {
  const std::string document = document_key(state);
  Versions& highest = highest_[document];
  highest.committed = std::max(highest.committed, state.job());
  if (state.state() == JobState::STATE_DONE && state.job() >= highest.done) {
    highest.done = state.job();
    highest.deleted = state.action() == kefu::v1::Job::ACTION_DELETE;
  }
  committed_order_[state.job()] = document;
  if (committed_order_.size() <= kMaxRemembered) return;
  const auto oldest = committed_order_.begin();
  const auto found = highest_.find(oldest->second);
  if (found != highest_.end() && found->second.committed == oldest->first) highest_.erase(found);
  committed_order_.erase(oldest);
}

void JobTracker::note_failure(const JobState& state) {
  const std::uint64_t id = state.job();
  if (const auto log = logs_.find(id); log != logs_.end()) {
    for (const auto& [number, part] : log->second.parts) strays_.push_back(part.sequence);
  }
  failed_.insert(id);
  if (failed_.size() > kMaxUnknownVersions) failed_.erase(failed_.begin());
  // One without a beginning published nothing.
  if (state.cleared() || state.watch_from_sequence() == 0) {
    uncleared_.erase(id);
  } else {
    uncleared_[id].state = state;
  }
}

void JobTracker::on_log_message(std::string_view subject, const bus::Headers& headers,
                                std::uint64_t sequence) {
  const auto key = proto::parse_vectors_subject(subject);
  if (!key) return;
  if (failed_.contains(key->version.version)) return strays_.push_back(sequence);
  VersionLog& log = logs_[key->version.version];
  if (key->manifest) {
    log.manifest_sequence = sequence;
  } else {
    Part& part = log.parts[key->part];
    // A part that is embedded again comes from the cache: its first copy tells what was spent.
    const std::uint64_t tokens = number(headers.get(proto::kTokensHeader));
    if (part.sequence == 0 || tokens > part.tokens) {
      part.tokens = tokens;
      part.saved_tokens = number(headers.get(proto::kSavedTokensHeader));
    }
    part.passages = static_cast<std::uint32_t>(number(headers.get(proto::kPassagesHeader)));
    part.sequence = sequence;
  }
  forget_surplus();
}

void JobTracker::on_lease(const std::string& key, const kefu::v1::IndexLease& lease, Time now) {
  leases_[key] = {.applied = lease.applied_sequence(),
                  .log_incarnation = lease.stream_incarnation(),
                  .ready = lease.ready(),
                  .seen = now};
}

void JobTracker::on_knowledge_base(const kefu::v1::KnowledgeBase& record) {
  deleted_knowledge_bases_.insert(record.former_incarnations().begin(), record.former_incarnations().end());
  if (record.deleted()) deleted_knowledge_bases_.insert(record.incarnation());
}

std::uint64_t JobTracker::log_begin(std::uint64_t otherwise) const {
  for (const auto& [id, tracked] : jobs_) {
    otherwise = std::min(otherwise, std::max<std::uint64_t>(1, tracked.stored.state.watch_from_sequence()));
  }
  for (const auto& [id, left] : uncleared_) {
    otherwise = std::min(otherwise, left.state.watch_from_sequence());
  }
  return otherwise;
}

std::vector<StoredState> JobTracker::due(Time now, std::int64_t unix_ms) {
  const auto applied = applied_by_all(now);
  std::vector<StoredState> out;
  for (auto& [id, tracked] : jobs_) {
    const JobState& known = tracked.stored.state;
    const Progress progress = progress_of(id, applied);
    const Versions* above = done_above(known);
    const bool done = above != nullptr || is_done(known, applied);
    const bool homeless = !done && deleted_knowledge_bases_.contains(known.kb_incarnation());
    const bool commit = !done && !homeless && may_be_committed(known);
    const bool worth_telling = is_ahead(progress, known) && now - tracked.written >= kProgressInterval;
    if (!done && !homeless && !commit && !worth_telling) continue;
    StoredState& next = out.emplace_back(tracked.stored);
    record(progress, next.state);
    if (commit) next.state.set_committed(true);
    if (done) finish(next.state, above, unix_ms);
    if (homeless) end_with_knowledge_base(next.state, unix_ms);
    tracked.written = now;
  }
  return out;
}

/// All its parts have their vectors. States without a manifest are of a version of Kefu that published it
/// itself.
bool JobTracker::may_be_committed(const JobState& state) const {
  if (!state.published() || state.committed() || !state.has_manifest()) return false;
  const auto log = logs_.find(state.job());
  if (log == logs_.end()) return state.parts() == 0;
  const auto& parts = log->second.parts;
  return std::ranges::distance(parts.begin(), parts.lower_bound(state.parts())) == state.parts();
}

std::vector<JobState> JobTracker::manifests_due(Time now) {
  std::vector<JobState> out;
  for (auto& [id, tracked] : jobs_) {
    const auto log = logs_.find(id);
    const bool seen = log != logs_.end() && log->second.manifest_sequence != 0;
    if (!tracked.stored.state.committed() || seen) continue;
    if (tracked.patience != Time{} && now >= tracked.patience) out.push_back(tracked.stored.state);
    if (tracked.patience == Time{} || now >= tracked.patience) tracked.patience = now + kPatience;
  }
  return out;
}

std::vector<JobState> JobTracker::clearances_due(Time now) {
  std::vector<JobState> out;
  for (auto& [id, left] : uncleared_) {
    if (left.patience != Time{} && now >= left.patience) out.push_back(left.state);
    if (left.patience == Time{} || now >= left.patience) left.patience = now + kPatience;
  }
  return out;
}

std::vector<JobState> JobTracker::newly_replaced() {
  std::vector<JobState> out;
  for (auto& [id, tracked] : jobs_) {
    if (tracked.replaced || tracked.stored.state.committed()) continue;
    const auto found = highest_.find(document_key(tracked.stored.state));
    if (found == highest_.end() || found->second.committed <= id) continue;
    tracked.replaced = true;
    out.push_back(tracked.stored.state);
  }
  return out;
}

std::vector<JobState> JobTracker::unfinished_states() const {
  std::vector<JobState> out;
  for (const auto& [id, tracked] : jobs_ | std::views::reverse) out.push_back(tracked.stored.state);
  return out;
}

bool JobTracker::is_committed(std::uint64_t job) const {
  const auto found = jobs_.find(job);
  return found != jobs_.end() && found->second.stored.state.committed();
}

/// The sequence that every ready replica with a live lease has applied; nullopt when there is none. Of a log
/// that was made again, one that still reads the old log has applied nothing.
std::optional<std::uint64_t> JobTracker::applied_by_all(Time now) const {
  std::optional<std::uint64_t> lowest;
  for (const auto& [key, lease] : leases_) {
    if (!lease.ready || now - lease.seen >= kLeaseLife) continue;
    const std::uint64_t applied = lease.log_incarnation == log_incarnation_ ? lease.applied : 0;
    lowest = std::min(lowest.value_or(applied), applied);
  }
  return lowest;
}

bool JobTracker::is_done(const JobState& state, std::optional<std::uint64_t> applied) const {
  const auto found = logs_.find(state.job());
  const bool committed = state.committed() || !state.has_manifest();
  if (!state.published() || !committed || !applied || found == logs_.end()) return false;
  const VersionLog& log = found->second;
  if (log.manifest_sequence == 0 || log.manifest_sequence > *applied) return false;
  std::uint32_t present = 0;
  for (const auto& [number, part] : log.parts) {
    if (number < state.parts() && part.sequence <= *applied) ++present;
  }
  return present == state.parts();
}

/// A version that a higher one of its document has replaced needs nobody's attention, however far it came:
/// its messages may be erased before they are ever applied.
const JobTracker::Versions* JobTracker::done_above(const JobState& state) const {
  const auto found = highest_.find(document_key(state));
  return found != highest_.end() && found->second.done > state.job() ? &found->second : nullptr;
}

/// Whoever waits for a document that was deleted before it was complete is told so.
void JobTracker::finish(JobState& state, const Versions* above, std::int64_t unix_ms) {
  state.set_finished_unix_ms(unix_ms);
  if (above == nullptr || !above->deleted || state.committed()) return state.set_state(JobState::STATE_DONE);
  state.set_state(JobState::STATE_FAILED);
  state.set_error("\"" + state.filename() + "\" was deleted by job " + std::to_string(above->done) +
                  " before this job was done: nothing of it was taken in");
}

/// What was committed was in the knowledge base, and index may have erased it before anybody applied it.
void JobTracker::end_with_knowledge_base(JobState& state, std::int64_t unix_ms) {
  state.set_finished_unix_ms(unix_ms);
  if (state.committed()) return state.set_state(JobState::STATE_DONE);
  state.set_state(JobState::STATE_FAILED);
  state.set_error(knowledge_base_was_deleted(state.kb_name()));
}

JobTracker::Progress JobTracker::progress_of(std::uint64_t job, std::optional<std::uint64_t> applied) const {
  Progress progress;
  const auto found = logs_.find(job);
  if (found == logs_.end()) return progress;
  for (const auto& [number, part] : found->second.parts) {
    progress.embedded += part.passages;
    if (applied && part.sequence <= *applied) progress.indexed += part.passages;
    progress.tokens += part.tokens;
    progress.saved_tokens += part.saved_tokens;
  }
  return progress;
}

bool JobTracker::is_ahead(const Progress& progress, const JobState& state) {
  return raised(state.embedded(), progress.embedded) > state.embedded().done() ||
         raised(state.indexed(), progress.indexed) > state.indexed().done() ||
         progress.tokens + progress.saved_tokens > total_of(state.usage());
}

void JobTracker::record(const Progress& progress, JobState& state) {
  state.mutable_embedded()->set_done(raised(state.embedded(), progress.embedded));
  state.mutable_indexed()->set_done(raised(state.indexed(), progress.indexed));
  if (progress.tokens + progress.saved_tokens <= total_of(state.usage())) return;
  state.mutable_usage()->set_embedding_tokens(progress.tokens);
  state.mutable_usage()->set_saved_tokens(progress.saved_tokens);
}

void JobTracker::forget_surplus() {
  while (logs_.size() > jobs_.size() + kMaxUnknownVersions) {
    const auto oldest =
        std::ranges::find_if(logs_, [&](const auto& entry) { return !jobs_.contains(entry.first); });
    if (oldest == logs_.end()) return;
    logs_.erase(oldest);
  }
}

}  // namespace kefu::ingest
