#pragma once

#include "kefu/v1/log.pb.h"

#include <kefu/async/task.hpp>
#include <kefu/base/error.hpp>
#include <kefu/bus/key_value.hpp>
#include <kefu/proto/subjects.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace kefu::ingest {

struct StoredState {
  kefu::v1::JobState state;
  std::uint64_t revision = 0;
};

/// Finished jobs are known for this long.
inline constexpr std::chrono::hours kStateLife{30 * 24};

/// Done or failed: nothing changes such a state any more, but that what a failed job left is cleared away.
bool is_finished(const kefu::v1::JobState& state);

/// The version that a job makes.
proto::VersionKey version_of(std::uint64_t id, const kefu::v1::Job& job);
proto::VersionKey version_of(const kefu::v1::JobState& state);

/// What the state of a job says that nobody has begun yet.
kefu::v1::JobState queued_state(std::uint64_t id, const kefu::v1::Job& job);

std::int64_t unix_milliseconds_now();

/// The progress of jobs, shared by all replicas through the bucket KEFU_JOB_STATES: changed by
/// compare-and-set only. A version is committed or its job has failed, never both: so what is committed has
/// all its parts and cannot be cancelled, and of what has failed no manifest is ever published. Errors of
/// all: those of the bucket.
class JobStates {
 public:
  /// `bucket` outlives this.
  explicit JobStates(bus::KeyValueBucket& bucket) : bucket_(bucket) {}

  /// nullopt when nobody has begun the job.
  Task<Result<std::optional<StoredState>>> load(std::uint64_t job);

  /// Makes a change to the newest state (empty when there is none); one that returns false changes nothing.
  /// It may run several times, when others write meanwhile.
  using Change = std::function<bool(kefu::v1::JobState&)>;
  Task<Result<kefu::v1::JobState>> change(std::uint64_t job, Change change);

  /// Writes a state that was read at `revision`. Errors: `conflict`.
  Task<Result<std::uint64_t>> write(kefu::v1::JobState state, std::uint64_t revision);

  /// Marks a job failed that somebody has begun; true when it was neither finished nor committed before.
  Task<Result<bool>> mark_failed(std::uint64_t job, std::string error);
  /// The same for a delivery that met an error. Another delivery may have published everything and erased the
  /// file meanwhile: then the job goes on. `queued` is its state where nobody has begun it.
  Task<Result<bool>> mark_failed_unless_published(kefu::v1::JobState queued, std::string error);
  /// Ends a job because somebody asked for it; `queued` is its state where nobody has begun it. Errors:
  /// `conflict` when it is finished or committed.
  Task<Result<kefu::v1::JobState>> cancel(kefu::v1::JobState queued);

 private:
  enum class Which { begun, unpublished };
  Task<Result<bool>> end_as_failed(kefu::v1::JobState queued, std::string error, Which which);

  bus::KeyValueBucket& bucket_;
};

/// What a job is told whose knowledge base is no longer the one that it was for.
std::string knowledge_base_was_deleted(const std::string& name);

/// The state in an entry of the bucket; nullopt for one that is erased or cannot be read.
std::optional<StoredState> parse_state(const bus::KvEntry& entry);

}  // namespace kefu::ingest
