#include "job_requests.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>
#include <vector>

namespace kefu::ingest {
namespace {

using kefu::v1::Job;
using kefu::v1::JobState;

constexpr std::uint32_t kDefaultLimit = 100;
constexpr std::uint32_t kMaxLimit = 1000;
// Of the jobs that nobody has begun, as many are looked at: the newest.
constexpr std::uint64_t kMaxWaiting = 2 * kMaxLimit;

}  // namespace

/// A job that nobody has begun has no state yet, but its number is taken.
Task<Result<JobState>> JobRequests::state_of(std::uint64_t id) {
  KEFU_CO_TRY(auto stored, co_await states_.load(id));
  if (stored) co_return std::move(stored->state);
  KEFU_CO_TRY(const Job job, co_await jobs_.find(id));
  KEFU_CO_TRY(const std::uint64_t worked, co_await jobs_.worked_up_to());
  if (id > worked) co_return queued_state(id, job);
  // It was begun between the first look and now, or long ago.
  KEFU_CO_TRY(stored, co_await states_.load(id));
  if (stored) co_return std::move(stored->state);
  co_return fail(Errc::not_found,
                 "job " + std::to_string(id) + " ended so long ago that its record has expired");
}

/// As far as it is known here: embedding may know of a budget that was used up a moment ago.
void JobRequests::tell_why_it_waits(JobState& state) const {
  if (accounts_ == nullptr || state.state() != JobState::STATE_RUNNING) return;
  const bool embedded = state.published() && state.embedded().done() == state.embedded().total();
  if (embedded || state.committed()) return;
  const auto allowed = accounts_->may_spend({state.kb_name(), state.key_id()});
  if (!allowed) state.set_waiting(allowed.error().message);
}

Task<Result<std::string>> JobRequests::get(std::string request) {
  kefu::v1::GetJobRequest asked;
  if (!asked.ParseFromString(request)) co_return fail(Errc::invalid_argument, "not a GetJobRequest");
  kefu::v1::GetJobResponse response;
  KEFU_CO_TRY(*response.mutable_state(), co_await state_of(asked.job()));
  tell_why_it_waits(*response.mutable_state());
  co_return response.SerializeAsString();
}

Task<Result<std::string>> JobRequests::list(std::string request, Deadline deadline) {
  kefu::v1::ListJobsRequest asked;
  if (!asked.ParseFromString(request)) co_return fail(Errc::invalid_argument, "not a ListJobsRequest");
  std::map<std::uint64_t, JobState, std::greater<>> found;
  KEFU_CO_TRY(std::vector<JobState> queued, co_await waiting(deadline));
  for (JobState& state : queued) found.emplace(state.job(), std::move(state));
  for (JobState& state : tracker_.unfinished_states()) found.insert_or_assign(state.job(), std::move(state));
  const std::uint32_t limit = asked.limit() == 0 ? kDefaultLimit : std::min(asked.limit(), kMaxLimit);
  kefu::v1::ListJobsResponse response;
  for (auto& [id, state] : found) {
    if (!asked.kb_name().empty() && state.kb_name() != asked.kb_name()) continue;
    state.clear_rejected();  // the states of many jobs have to fit into one message
    tell_why_it_waits(state);
    *response.add_states() = std::move(state);
    if (static_cast<std::uint32_t>(response.states_size()) == limit) break;
  }
  co_return response.SerializeAsString();
}

/// Jobs without a state, and those with one that the tracker does not know yet.
Task<Result<std::vector<JobState>>> JobRequests::waiting(Deadline deadline) {
  KEFU_CO_TRY(const std::uint64_t newest, co_await jobs_.newest());
  KEFU_CO_TRY(std::uint64_t worked, co_await jobs_.worked_up_to());
  worked = std::max(worked, newest - std::min(newest, kMaxWaiting));
  KEFU_CO_TRY(const auto logged, co_await jobs_.between(worked, newest + 1, ""));
  std::vector<JobState> found;
  for (const LoggedJob& job : logged) {
    if (tracker_.is_unfinished(job.id)) continue;
    if (deadline.passed())
      co_return fail(Errc::deadline_exceeded, "the jobs that wait are too many to be told in time");
    KEFU_CO_TRY(const auto stored, co_await states_.load(job.id));
    if (stored && is_finished(stored->state)) continue;
    found.push_back(stored ? stored->state : queued_state(job.id, job.job));
  }
  co_return found;
}

/// First the state, which decides; what is left in the streams is then of no use to anybody. A worker that
/// has the job sees its state at its next step. Should this process die in between, others clear up.
Task<Result<std::string>> JobRequests::cancel(std::string request) {
  kefu::v1::CancelJobRequest asked;
  if (!asked.ParseFromString(request)) co_return fail(Errc::invalid_argument, "not a CancelJobRequest");
  // A record that has expired is not written anew.
  KEFU_CO_CHECK(co_await state_of(asked.job()));
  KEFU_CO_TRY(const Job job, co_await jobs_.find(asked.job()));
  kefu::v1::CancelJobResponse response;
  KEFU_CO_TRY(*response.mutable_state(), co_await states_.cancel(queued_state(asked.job(), job)));
  metrics_.jobs_cancelled.add();
  log_.info("A job was cancelled",
            {{"job", static_cast<std::int64_t>(asked.job())}, {"request_id", job.request_id()}});
  const auto cleared = co_await clearance_.clear(response.state());
  if (!cleared) {
    log_.warning("What a cancelled job left could not be cleared yet",
                 {{"job", static_cast<std::int64_t>(asked.job())}, {"reason", cleared.error().message}});
  }
  co_await uploads_.erase_all_parts(job);
  co_return response.SerializeAsString();
}

}  // namespace kefu::ingest
