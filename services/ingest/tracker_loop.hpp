#pragma once

#include "ingest_metrics.hpp"
#include "job_states.hpp"
#include "job_tracker.hpp"

#include <kefu/async/signal.hpp>
#include <kefu/async/task.hpp>
#include <kefu/async/task_group.hpp>
#include <kefu/bus/key_value.hpp>
#include <kefu/bus/stream_store.hpp>
#include <kefu/telemetry/log.hpp>

#include <cstdint>
#include <memory>

namespace kefu::ingest {

/// Feeds a JobTracker and writes the states that it finds due.
class TrackerLoop {
 public:
  /// Everything outlives this.
  TrackerLoop(asio::any_io_executor executor, bus::StreamStore& store, bus::StreamReader& reader,
              bus::KeyValueBucket& states_bucket, bus::KeyValueBucket& leases, JobStates& states,
              const telemetry::Logger& log, const IngestMetrics& metrics);

  /// Starts its tasks, which end after stop().
  void start(TaskGroup& tasks);
  void stop();

  const JobTracker& tracker() const { return tracker_; }

 private:
  Task<void> follow_states();
  Task<void> follow_leases();
  Task<void> follow_log();
  Task<void> write_states();
  Task<void> write_one(StoredState stored);
  Task<void> pause();

  bus::StreamStore& store_;
  bus::StreamReader& reader_;
  bus::KeyValueBucket& states_bucket_;
  bus::KeyValueBucket& leases_;
  JobStates& states_;
  const telemetry::Logger& log_;
  const IngestMetrics& metrics_;
  JobTracker tracker_;
  Signal changed_;
  std::uint64_t log_end_at_start_ = 0;
  bool states_known_ = false;
  bool stopping_ = false;
};

}  // namespace kefu::ingest
