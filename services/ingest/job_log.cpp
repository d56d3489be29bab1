#include "job_log.hpp"

#include <kefu/proto/subjects.hpp>

#include <algorithm>
#include <utility>

namespace kefu::ingest {
namespace {

using namespace std::chrono_literals;

constexpr auto kCallTime = 5s;

std::unexpected<Error> no_such_job(std::uint64_t id) {
  return fail(Errc::not_found, "there is no job " + std::to_string(id));
}

}  // namespace

Task<Result<kefu::v1::Job>> JobLog::find(std::uint64_t id) {
  KEFU_CO_TRY(const std::uint64_t last, co_await newest());
  if (id == 0 || id > last) co_return no_such_job(id);
  KEFU_CO_TRY(const auto replay,
              reader_.replay({.stream = std::string(proto::kJobsStream), .from_sequence = id}));
  KEFU_CO_TRY(const bus::StoredMessage message, co_await replay->next(Deadline::in(kCallTime)));
  kefu::v1::Job job;
  if (message.sequence != id || !job.ParseFromString(message.payload)) co_return no_such_job(id);
  co_return job;
}

Task<Result<std::uint64_t>> JobLog::worked_up_to() {
  co_return co_await reader_.finished_up_to(std::string(proto::kJobsStream), std::string(kWorkers),
                                            Deadline::in(kCallTime));
}

Task<Result<std::uint64_t>> JobLog::newest() {
  KEFU_CO_TRY(const bus::StreamState jobs,
              co_await store_.state(std::string(proto::kJobsStream), Deadline::in(kCallTime)));
  co_return jobs.last_sequence;
}

Task<Result<std::vector<LoggedJob>>> JobLog::between(std::uint64_t above, std::uint64_t below,
                                                     std::string kb_incarnation) {
  std::vector<LoggedJob> jobs;
  const std::string subject =
      kb_incarnation.empty() ? std::string(proto::kJobsSubjects) : proto::job_subject(kb_incarnation);
  // Nothing is ever erased from this stream, so the last one that there is does come.
  auto last = co_await store_.last(std::string(proto::kJobsStream), subject, Deadline::in(kCallTime));
  if (!last && last.error().code == Errc::not_found) co_return jobs;
  if (!last) co_return fail(std::move(last).error());
  if (below <= above + 1 || last->sequence <= above) co_return jobs;
  KEFU_CO_TRY(const auto replay, reader_.replay({.stream = std::string(proto::kJobsStream),
                                                 .filter_subject = subject,
                                                 .from_sequence = above + 1}));
  for (std::uint64_t seen = above; seen < last->sequence;) {
    KEFU_CO_TRY(const bus::StoredMessage message, co_await replay->next(Deadline::in(kCallTime)));
    seen = message.sequence;
    if (seen >= below) break;
    LoggedJob found{.id = seen, .job = {}};
    if (!found.job.ParseFromString(message.payload)) continue;
    found.job.clear_edit();  // which may be large, and of which many may wait
    jobs.push_back(std::move(found));
  }
  co_return jobs;
}

}  // namespace kefu::ingest
