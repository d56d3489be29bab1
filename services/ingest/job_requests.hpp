#pragma once

#include "clearance.hpp"
#include "ingest_metrics.hpp"
#include "job_log.hpp"
#include "job_states.hpp"
#include "job_tracker.hpp"
#include "uploads.hpp"

#include <kefu/async/task.hpp>
#include <kefu/base/deadline.hpp>
#include <kefu/base/error.hpp>
#include <kefu/telemetry/log.hpp>
#include <kefu/usage/accounts.hpp>

#include <cstdint>
#include <string>

namespace kefu::ingest {

/// Answers what others ask about jobs. Errors of all: `invalid_argument`, `not_found` for a job that never
/// was or whose record has expired; `deadline_exceeded`; those of the streams and of the bucket.
class JobRequests {
 public:
  /// Everything outlives this. Without `accounts` no job is said to wait for a budget.
  JobRequests(JobLog& jobs, JobStates& states, const JobTracker& tracker, Clearance& clearance,
              Uploads uploads, const telemetry::Logger& log, const IngestMetrics& metrics,
              const usage::Accounts* accounts = nullptr)
      : jobs_(jobs),
        states_(states),
        tracker_(tracker),
        clearance_(clearance),
        uploads_(uploads),
        log_(log),
        metrics_(metrics),
        accounts_(accounts) {}

  Task<Result<std::string>> get(std::string request);
  /// Unfinished jobs, those that wait for a worker included, newest first.
  Task<Result<std::string>> list(std::string request, Deadline deadline);
  /// Also errors: `conflict` when the job is finished or its version committed.
  Task<Result<std::string>> cancel(std::string request);

 private:
  Task<Result<kefu::v1::JobState>> state_of(std::uint64_t id);
  void tell_why_it_waits(kefu::v1::JobState& state) const;
  Task<Result<std::vector<kefu::v1::JobState>>> waiting(Deadline deadline);

  JobLog& jobs_;
  JobStates& states_;
  const JobTracker& tracker_;
  Clearance& clearance_;
  Uploads uploads_;
  const telemetry::Logger& log_;
  const IngestMetrics& metrics_;
  const usage::Accounts* accounts_;
};

}  // namespace kefu::ingest
