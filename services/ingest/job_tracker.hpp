#pragma once

#include "job_states.hpp"
#include "kefu/v1/log.pb.h"

#include <kefu/bus/message.hpp>
#include <kefu/proto/subjects.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace kefu::ingest {

/// Knows from KEFU_VECTORS, the leases of the index replicas and the states of jobs how far each job is, and
/// when it is done: all its parts and its manifest are in the log and every ready replica with a live lease,
/// at least one, has applied them; or a higher version of the same document is done. Pure: fed with what
/// others read, it performs no I/O. Every replica of ingest has one; they agree through compare-and-set.
class JobTracker {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// The newest state of a job.
  void on_state(const StoredState& stored);
  /// A message of KEFU_VECTORS; subjects that are none are passed over.
  void on_log_message(std::string_view subject, const bus::Headers& headers, std::uint64_t sequence);
  /// The log was deleted and made again: what was counted is void.
  void on_log_lost() { logs_.clear(); }
  void on_lease(const std::string& key, const kefu::v1::IndexLease& lease, Time now);
  void on_lease_erased(const std::string& key) { leases_.erase(key); }

  /// Where reading of the log must begin for the unfinished jobs, at most `otherwise`.
  std::uint64_t log_begin(std::uint64_t otherwise) const;
  /// States to be written now, each on the revision that it was made from. Progress is held back so that a
  /// state is written at most about twice a second; the end of a job is not.
  std::vector<StoredState> due(Time now, std::int64_t unix_ms);

  std::size_t unfinished() const { return jobs_.size(); }
  std::uint64_t highest_job() const { return highest_job_; }
  bool is_unfinished(std::uint64_t job) const { return jobs_.contains(job); }

 private:
  struct Tracked {
    StoredState stored;
    Time written{};  // when this replica wrote it last
  };
  struct Part {
    std::uint64_t sequence = 0;
    std::uint32_t passages = 0;
    std::uint64_t tokens = 0;
    std::uint64_t saved_tokens = 0;
  };
  struct VersionLog {
    std::map<std::uint32_t, Part> parts;
    std::uint64_t manifest_sequence = 0;  // 0: not seen
  };
  struct Lease {
    std::uint64_t applied = 0;
    bool ready = false;
    Time seen{};
  };

  /// What the log says about a job.
  struct Progress {
    std::uint32_t embedded = 0;
    std::uint32_t indexed = 0;
    std::uint64_t tokens = 0;
    std::uint64_t saved_tokens = 0;
  };

  std::optional<std::uint64_t> applied_by_all(Time now) const;
  bool is_done(const kefu::v1::JobState& state, std::optional<std::uint64_t> applied) const;
  bool is_superseded(const kefu::v1::JobState& state) const;
  Progress progress_of(std::uint64_t job, std::optional<std::uint64_t> applied) const;
  static bool is_ahead(const Progress& progress, const kefu::v1::JobState& state);
  static void record(const Progress& progress, kefu::v1::JobState& state);
  void forget_surplus();

  std::map<std::uint64_t, Tracked> jobs_;  // unfinished ones
  std::map<std::uint64_t, VersionLog>
      logs_;  // by version, which is the job's id; of jobs that are not known yet, too
  std::map<std::string, Lease> leases_;
  std::unordered_map<std::string, std::uint64_t> highest_done_;  // of each document
  std::uint64_t highest_job_ = 0;
};

}  // namespace kefu::ingest
