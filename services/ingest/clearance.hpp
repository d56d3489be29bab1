#pragma once

#include "job_states.hpp"
#include "kefu/v1/log.pb.h"

#include <kefu/async/task.hpp>
#include <kefu/base/error.hpp>
#include <kefu/bus/stream_store.hpp>

#include <cstdint>
#include <vector>

namespace kefu::ingest {

/// Takes out of the streams what versions left in them that will never be visible. Nothing depends on it but
/// space and the time of the model: a version without a manifest is not seen. Doing it again changes nothing.
/// Errors of all: those of the streams and of the bucket.
class Clearance {
 public:
  /// Both outlive this.
  Clearance(bus::StreamStore& store, JobStates& states) : store_(store), states_(states) {}

  /// All that a failed job published, and notes in its state that it is done.
  Task<Result<>> clear(kefu::v1::JobState failed);
  /// The passages of a version that a higher one replaced, so that they are not embedded. Its vectors are
  /// index's to erase.
  Task<Result<>> drop_passages(proto::VersionKey version);
  /// Vectors that came after their version was cleared: embedding had begun with them.
  Task<Result<>> erase_strays(std::vector<std::uint64_t> sequences);

 private:
  Task<Result<>> purge(std::string_view stream, std::string subjects);

  bus::StreamStore& store_;
  JobStates& states_;
};

}  // namespace kefu::ingest
