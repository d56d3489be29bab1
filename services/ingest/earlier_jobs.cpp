#include "earlier_jobs.hpp"

#include <algorithm>
#include <chrono>

namespace kefu::ingest {
namespace {

using namespace std::chrono_literals;

constexpr auto kCatchUpTime = 5s;

bool same_document(const kefu::v1::JobState& state, const kefu::v1::Job& job) {
  return state.kb_incarnation() == job.kb_incarnation() && state.filename() == job.filename();
}

}  // namespace

/// Jobs that a worker has finished with have a state, which the tracker knows as soon as it has read what was
/// written before now; the others are few, and are looked up one by one.
Task<Result<std::optional<std::uint64_t>>> EarlierJobs::unfinished(kefu::v1::Job job, std::uint64_t id,
                                                                   std::uint64_t above) {
  KEFU_CO_TRY(const std::uint64_t worked, co_await jobs_.worked_up_to());
  KEFU_CO_CHECK(co_await tracker_.catch_up(Deadline::in(kCatchUpTime)));
  std::optional<std::uint64_t> lowest;
  for (const kefu::v1::JobState& state : tracker_.tracker().unfinished_states()) {
    if (state.job() > above && state.job() < id && same_document(state, job)) lowest = state.job();
  }
  if (lowest) co_return lowest;
  KEFU_CO_TRY(const auto waiting, co_await jobs_.between(std::max(above, worked), id, job.kb_incarnation()));
  for (const LoggedJob& earlier : waiting) {
    if (earlier.job.filename() != job.filename()) continue;
    KEFU_CO_TRY(const auto stored, co_await states_.load(earlier.id));
    if (!stored || !is_finished(stored->state)) co_return earlier.id;
  }
  co_return std::nullopt;
}

}  // namespace kefu::ingest
