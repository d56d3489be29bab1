#include "job_states.hpp"

#include <kefu/base/ids.hpp>

#include <chrono>
#include <memory>
#include <utility>

namespace kefu::ingest {
namespace {

using namespace std::chrono_literals;
using kefu::v1::JobState;

constexpr auto kCallTime = 5s;
// Two replicas and the flow write one state at most every few hundred milliseconds: more conflicts than this
// in a row mean that something else is wrong.
constexpr int kMaxConflicts = 20;

}  // namespace

bool is_finished(const JobState& state) {
  return state.state() == JobState::STATE_DONE || state.state() == JobState::STATE_FAILED;
}

proto::VersionKey version_of(std::uint64_t id, const kefu::v1::Job& job) {
  return {.kb_incarnation = job.kb_incarnation(),
          .generation = job.kb_generation(),
          .document = subject_token(job.filename()),
          .version = id};
}

proto::VersionKey version_of(const JobState& state) {
  return {.kb_incarnation = state.kb_incarnation(),
          .generation = state.kb_generation(),
          .document = subject_token(state.filename()),
          .version = state.job()};
}

JobState queued_state(std::uint64_t id, const kefu::v1::Job& job) {
  JobState state;
  state.set_job(id);
  state.set_state(JobState::STATE_QUEUED);
  state.set_action(job.action());
  state.set_kb_name(job.kb_name());
  state.set_kb_incarnation(job.kb_incarnation());
  state.set_kb_generation(job.kb_generation());
  state.set_filename(job.filename());
  state.set_created_unix_ms(job.created_unix_ms());
  state.set_request_id(job.request_id());
  state.set_key_id(job.key_id());
  return state;
}

std::int64_t unix_milliseconds_now() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string knowledge_base_was_deleted(const std::string& name) {
  return "the knowledge base \"" + name + "\" was deleted after this upload";
}

std::optional<StoredState> parse_state(const bus::KvEntry& entry) {
  StoredState stored{.state = {}, .revision = entry.revision};
  if (entry.erased || !stored.state.ParseFromString(entry.value)) return std::nullopt;
  return stored;
}

Task<Result<std::optional<StoredState>>> JobStates::load(std::uint64_t job) {
  auto entry = co_await bucket_.get(std::to_string(job), Deadline::in(kCallTime));
  if (!entry && entry.error().code == Errc::not_found) co_return std::nullopt;
  if (!entry) co_return fail(std::move(entry).error());
  auto stored = parse_state(*entry);
  if (!stored)
    co_return fail(Errc::data_corrupt, "the state of job " + std::to_string(job) + " cannot be read");
  co_return stored;
}

Task<Result<JobState>> JobStates::change(std::uint64_t job, Change change) {
  for (int attempt = 0; attempt < kMaxConflicts; ++attempt) {
    KEFU_CO_TRY(const auto stored, co_await load(job));
    JobState state = stored ? stored->state : JobState();
    if (!change(state)) co_return state;
    const auto written = co_await write(state, stored ? stored->revision : 0);
    if (written) co_return state;
    if (written.error().code != Errc::conflict) co_return fail(written.error());
  }
  co_return fail(Errc::unavailable,
                 "the state of job " + std::to_string(job) + " is written by too many at once");
}

Task<Result<std::uint64_t>> JobStates::write(JobState state, std::uint64_t revision) {
  co_return co_await bucket_.put(std::to_string(state.job()), state.SerializeAsString(), revision,
                                 Deadline::in(kCallTime));
}

Task<Result<bool>> JobStates::mark_failed(std::uint64_t job, std::string error) {
  JobState unknown;
  unknown.set_job(job);
  return end_as_failed(std::move(unknown), std::move(error), Which::begun);
}

Task<Result<bool>> JobStates::mark_failed_unless_published(JobState queued, std::string error) {
  return end_as_failed(std::move(queued), std::move(error), Which::unpublished);
}

Task<Result<bool>> JobStates::end_as_failed(JobState queued, std::string error, Which which) {
  const auto failed_now = std::make_shared<bool>(false);
  const std::uint64_t job = queued.job();
  const Change to_failed = [queued = std::move(queued), error = std::move(error), failed_now,
                            which](JobState& state) {
    const bool open = which == Which::begun ? state.job() != 0 : !state.published();
    *failed_now = open && !is_finished(state) && !state.committed();
    if (!*failed_now) return false;
    if (state.job() == 0) state = queued;
    state.set_state(JobState::STATE_FAILED);
    state.set_error(error);
    state.set_finished_unix_ms(unix_milliseconds_now());
    return true;
  };
  KEFU_CO_CHECK(co_await change(job, to_failed));
  co_return *failed_now;
}

Task<Result<JobState>> JobStates::cancel(JobState queued) {
  const auto cancelled = std::make_shared<bool>(false);
  const std::uint64_t job = queued.job();
  const Change to_cancelled = [queued = std::move(queued), cancelled](JobState& state) {
    *cancelled = !is_finished(state) && !state.committed();
    if (!*cancelled) return false;
    if (state.job() == 0) state = queued;
    state.set_state(JobState::STATE_FAILED);
    state.set_error("the job was cancelled");
    state.set_cancelled(true);
    state.set_finished_unix_ms(unix_milliseconds_now());
    return true;
  };
  KEFU_CO_TRY(JobState state, co_await change(job, to_cancelled));
  if (*cancelled) co_return state;
  co_return fail(Errc::conflict,
                 "job " + std::to_string(job) +
                     (is_finished(state) ? " is finished already"
                                         : " can no longer be cancelled: its document is about to "
                                           "become searchable"));
}

}  // namespace kefu::ingest
