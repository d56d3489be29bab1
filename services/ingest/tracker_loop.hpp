#pragma once

#include "clearance.hpp"
#include "ingest_metrics.hpp"
#include "job_states.hpp"
#include "job_tracker.hpp"
#include "part_publisher.hpp"

#include <kefu/async/signal.hpp>
#include <kefu/async/task.hpp>
#include <kefu/async/task_group.hpp>
#include <kefu/bus/bucket_follower.hpp>
#include <kefu/bus/stream_store.hpp>
#include <kefu/telemetry/log.hpp>

#include <cstdint>
#include <memory>

namespace kefu::ingest {

/// Feeds a JobTracker and does what it finds due: writes states, publishes the manifests of what is
/// committed, clears away what failed and replaced versions left.
class TrackerLoop {
 public:
  /// Everything outlives this.
  TrackerLoop(asio::any_io_executor executor, bus::StreamStore& store, bus::StreamReader& reader,
              bus::KeyValueBucket& states_bucket, bus::KeyValueBucket& leases,
              bus::KeyValueBucket& knowledge_bases, JobStates& states, Clearance& clearance,
              const telemetry::Logger& log, const IngestMetrics& metrics);

  /// Starts its tasks, which end after stop().
  void start(TaskGroup& tasks);
  void stop();

  const JobTracker& tracker() const { return tracker_; }
  /// The tracker knows of every message of KEFU_VECTORS up to this sequence that it needs.
  std::uint64_t log_read_up_to() const { return log_read_up_to_; }
  /// Returns when the tracker knows every state that was written before this call. Errors: those of the
  /// bucket; `not_ready` when that takes longer.
  Task<Result<>> catch_up(Deadline deadline);

 private:
  Task<void> follow_states();
  void take_lease(const bus::KvEntry& entry);
  void take_knowledge_base(const bus::KvEntry& entry);
  Task<void> follow_log();
  Task<void> name_log();
  Task<void> write_states();
  Task<void> write_one(StoredState stored);
  Task<void> wrote(StoredState stored, bool newly_committed);
  Task<void> failed(kefu::v1::JobState state);
  Task<void> publish_manifest(kefu::v1::JobState committed);
  Task<void> clear_up();
  Task<void> drop_passages(kefu::v1::JobState replaced);
  Task<void> pause();

  bus::StreamStore& store_;
  bus::StreamReader& reader_;
  bus::KeyValueBucket& states_bucket_;
  bus::BucketFollower leases_;
  bus::BucketFollower knowledge_bases_;
  JobStates& states_;
  Clearance& clearance_;
  const telemetry::Logger& log_;
  const IngestMetrics& metrics_;
  JobTracker tracker_;
  PartPublisher publisher_;
  Signal changed_;
  std::uint64_t log_end_at_start_ = 0;
  std::uint64_t log_read_up_to_ = 0;
  std::uint64_t watched_revision_ = 0;  // of the states: all up to it have been read
  bool states_known_ = false;
  bool stopping_ = false;
};

}  // namespace kefu::ingest
