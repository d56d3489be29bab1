#pragma once

#include "job_states.hpp"
#include "kefu/v1/knowledge_base.pb.h"
#include "kefu/v1/log.pb.h"

#include <kefu/bus/message.hpp>
#include <kefu/proto/subjects.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace kefu::ingest {

/// Knows from KEFU_VECTORS, the leases of the index replicas and the states of jobs how far each job is: when
/// its version may be committed, since all its parts are in the log; and when it is done, since every ready
/// replica with a live lease, at least one, has applied them and the manifest, or a higher version of the
/// same document is done; and when nothing can become of it, since its knowledge base was deleted. Also what
/// is left to do where a process died half-way, and what failed and replaced versions leave behind. Pure: fed
/// with what others read, it performs no I/O. Every replica of ingest has one; they agree through
/// compare-and-set.
class JobTracker {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// The newest state of a job.
  void on_state(const StoredState& stored);
  /// A message of KEFU_VECTORS; subjects that are none are passed over.
  void on_log_message(std::string_view subject, const bus::Headers& headers, std::uint64_t sequence);
  /// Which stream is read: leases that speak of another one have applied nothing of it.
  void on_log_known(std::string incarnation) { log_incarnation_ = std::move(incarnation); }
  bool knows_log() const { return !log_incarnation_.empty(); }
  /// The log was deleted and made again: what was counted is void.
  void on_log_lost() {
    logs_.clear();
    log_incarnation_.clear();
  }
  void on_lease(const std::string& key, const kefu::v1::IndexLease& lease, Time now);
  /// As KEFU_KBS has it. A knowledge base that was deleted never lives again: one of its name is another one.
  void on_knowledge_base(const kefu::v1::KnowledgeBase& record);
  void on_lease_erased(const std::string& key) { leases_.erase(key); }

  /// Where reading of the log must begin for the unfinished jobs, at most `otherwise`.
  std::uint64_t log_begin(std::uint64_t otherwise) const;
  /// States to be written now, each on the revision that it was made from. Progress is held back so that a
  /// state is written at most about twice a second; a commit and the end of a job are not.
  std::vector<StoredState> due(Time now, std::int64_t unix_ms);
  /// Committed versions whose manifest has not come for some time: whoever committed them may be dead.
  std::vector<kefu::v1::JobState> manifests_due(Time now);
  /// Failed jobs that nobody has cleared for some time.
  std::vector<kefu::v1::JobState> clearances_due(Time now);
  /// Unfinished jobs of which a higher version is committed: their passages need not be embedded any more.
  /// Each is told once.
  std::vector<kefu::v1::JobState> newly_replaced();
  /// Messages of KEFU_VECTORS that belong to failed jobs. Each is told once, unless it is given back.
  std::vector<std::uint64_t> take_strays() { return std::exchange(strays_, {}); }
  void give_back_strays(const std::vector<std::uint64_t>& sequences) {
    strays_.insert(strays_.end(), sequences.begin(), sequences.end());
  }

  std::size_t unfinished() const { return jobs_.size(); }
  /// Newest first.
  std::vector<kefu::v1::JobState> unfinished_states() const;
  bool is_committed(std::uint64_t job) const;
  bool is_unfinished(std::uint64_t job) const { return jobs_.contains(job); }

 private:
  struct Tracked {
    StoredState stored;
    Time written{};         // when this replica wrote it last
    Time patience{};        // until when others may publish the manifest; none: the wait has not begun
    bool replaced = false;  // as newly_replaced() told
  };
  struct Uncleared {
    kefu::v1::JobState state;
    Time patience{};
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
    std::string log_incarnation;
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
  struct Versions {
    std::uint64_t committed = 0;
    std::uint64_t done = 0;
    bool deleted = false;  // what is done is a deletion
  };
  const Versions* done_above(const kefu::v1::JobState& state) const;
  static void finish(kefu::v1::JobState& state, const Versions* above, std::int64_t unix_ms);
  static void end_with_knowledge_base(kefu::v1::JobState& state, std::int64_t unix_ms);
  bool may_be_committed(const kefu::v1::JobState& state) const;
  void note_version(const kefu::v1::JobState& state);
  void note_failure(const kefu::v1::JobState& state);
  Progress progress_of(std::uint64_t job, std::optional<std::uint64_t> applied) const;
  static bool is_ahead(const Progress& progress, const kefu::v1::JobState& state);
  static void record(const Progress& progress, kefu::v1::JobState& state);
  void forget_surplus();

  std::map<std::uint64_t, Tracked> jobs_;  // unfinished ones
  std::map<std::uint64_t, VersionLog>
      logs_;                     // by version, which is the job's id; of jobs that are not known yet, too
  std::string log_incarnation_;  // empty: not known yet
  std::map<std::string, Lease> leases_;
  std::unordered_set<std::string> deleted_knowledge_bases_;  // incarnations
  std::unordered_map<std::string, Versions> highest_;        // of each document, as far as it is remembered
  std::map<std::uint64_t, std::string> committed_order_;  // job -> document: the oldest are forgotten first
  std::set<std::uint64_t> failed_;                        // the newest of them
  std::map<std::uint64_t, Uncleared> uncleared_;          // failed jobs that may have left something
  std::vector<std::uint64_t> strays_;
};

}  // namespace kefu::ingest
