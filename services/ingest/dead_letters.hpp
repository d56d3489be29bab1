#pragma once

#include "ingest_metrics.hpp"
#include "job_states.hpp"

#include <kefu/async/task.hpp>
#include <kefu/bus/stream_store.hpp>
#include <kefu/telemetry/log.hpp>

namespace kefu::ingest {

/// Watches the dead letters of KEFU_PASSAGES: a part that could not be embedded makes its job fail. Letters
/// are read from the first one at every start, since a finished job is not touched.
class DeadLetters {
 public:
  /// Everything outlives this.
  DeadLetters(bus::StreamReader& reader, JobStates& states, const telemetry::Logger& log,
              const IngestMetrics& metrics)
      : reader_(reader), states_(states), log_(log), metrics_(metrics) {}

  /// Until stop().
  Task<void> run();
  void stop() { stopping_ = true; }

 private:
  Task<bool> take(bus::StoredMessage letter);

  bus::StreamReader& reader_;
  JobStates& states_;
  const telemetry::Logger& log_;
  const IngestMetrics& metrics_;
  bool stopping_ = false;
};

}  // namespace kefu::ingest
