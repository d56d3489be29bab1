#pragma once

#include "job_log.hpp"
#include "job_states.hpp"
#include "tracker_loop.hpp"

#include <kefu/async/task.hpp>
#include <kefu/base/error.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace kefu::ingest {

/// Which jobs of a document must end before one that builds upon their outcome may begin.
class EarlierJobs {
 public:
  /// Everything outlives this.
  EarlierJobs(JobLog& jobs, JobStates& states, TrackerLoop& tracker)
      : jobs_(jobs), states_(states), tracker_(tracker) {}

  /// The lowest unfinished job with a number in (above, id) that is about the same document as `job`, whose
  /// number is `id`. Errors: those of the streams and of the bucket; `not_ready`.
  Task<Result<std::optional<std::uint64_t>>> unfinished(kefu::v1::Job job, std::uint64_t id,
                                                        std::uint64_t above);

 private:
  JobLog& jobs_;
  JobStates& states_;
  TrackerLoop& tracker_;
};

}  // namespace kefu::ingest
