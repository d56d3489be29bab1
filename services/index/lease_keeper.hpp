#pragma once

#include "replica.hpp"

#include <kefu/bus/key_value.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace kefu::index {

/// How long an entry of KEFU_LEASES lives after its last write.
inline constexpr std::chrono::milliseconds kLeaseTtl{10'000};

/// Tells ingest, through the bucket KEFU_LEASES, that this replica lives and how far it has read, and knows
/// from that whether the replica may answer. Ingest declares a document searchable when all replicas whose
/// leases say `ready` have read it: those that still rebuild would hold it up. So a replica first catches up,
/// then writes a lease that counts, and answers when it has read what was in the log after that: anything
/// later waits for it, and nothing was declared searchable without it. Thread: the event loop.
class LeaseKeeper {
 public:
  /// Everything outlives this object.
  LeaseKeeper(asio::any_io_executor executor, bus::KeyValueBucket& leases, bus::StreamStore& streams,
              Replica& replica, std::string replica_id, const telemetry::Logger& log);

  /// Until stop(); spawn it in the owner's task group.
  Task<void> run();
  void stop();
  /// Nobody needs to wait for this replica any more; after run() has returned.
  Task<void> give_up(Deadline deadline);

  /// May answer searches.
  bool ready() const;
  /// True when ready, false when the deadline passed first.
  Task<bool> wait_ready(Deadline deadline);
  /// Why not ready.
  std::string reason() const;

 private:
  using Clock = std::chrono::steady_clock;

  bool live() const { return Clock::now() < live_until_; }
  bool caught_up() const;
  bool stale() const;
  Task<void> renew();
  Task<void> find_target(std::uint64_t epoch);
  Task<void> wait_for_change();

  bus::KeyValueBucket& leases_;
  bus::StreamStore& streams_;
  Replica& replica_;
  std::string replica_id_;
  const telemetry::Logger& log_;
  Signal became_ready_;

  Clock::time_point live_until_{};
  bool counts_ = false;  // ingest waits for this replica, since the lease last written
  std::uint64_t counts_epoch_ = 0;
  std::optional<std::uint64_t> target_;  // where the stream ended after the lease began to count
  std::uint64_t target_epoch_ = 0;       // of the replica, when that was
  std::uint64_t written_applied_ = 0;
  bool failing_ = false;
  bool stopping_ = false;
};

}  // namespace kefu::index
