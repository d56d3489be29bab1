#pragma once

#include "index_metrics.hpp"
#include "replica.hpp"

#include <kefu/bus/key_value.hpp>
#include <kefu/bus/stream_store.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace kefu::index {

/// How long the entry of KEFU_JANITOR lives after its last write.
inline constexpr std::chrono::milliseconds kJanitorTtl{10'000};

struct JanitorParts {
  bus::KeyValueBucket& bucket;  ///< KEFU_JANITOR
  bus::KeyValueBucket& leases;  ///< KEFU_LEASES
  bus::StreamStore& streams;
  Replica& replica;
  IndexMetrics& metrics;
  const telemetry::Logger& log;
};

/// Erases superseded messages from KEFU_VECTORS, one at a time by their sequence and at a bounded rate. One
/// replica does it, chosen by compare-and-set; two at once would do no harm, since erasing is never wrong and
/// may be repeated. The others learn from its entry what they need not remember. A version is erased only
/// when every replica whose lease counts has applied the one that supersedes it: a replica that reads slowly
/// would otherwise find neither, and answer without the document. Thread: the event loop.
class Janitor {
 public:
  /// The parts outlive this object.
  Janitor(const JanitorParts& parts, std::string replica_id, std::size_t erasures_per_second);

  /// Until stop(); spawn it in the owner's task group.
  Task<void> run();
  void stop() { stopping_ = true; }

 private:
  /// True when this replica is the one.
  Task<bool> hold_office();
  Task<void> write_entry(std::uint64_t expected_revision);
  Task<Result<>> erase_some();
  Task<Result<std::uint64_t>> applied_by_all();
  Task<Result<>> learn();

  JanitorParts parts_;
  std::string replica_id_;
  std::size_t per_step_;
  std::optional<std::uint64_t> revision_;  // of our entry, while we hold it
  std::chrono::steady_clock::time_point renew_at_{};
  std::chrono::steady_clock::time_point look_at_leases_at_{};
  std::uint64_t applied_by_all_ = 0;
  std::uint64_t leases_epoch_ = 0;  // of the replica, when that was
  std::uint64_t cleared_ = 0;
  std::uint64_t learned_ = 0;
  bool stopping_ = false;
};

}  // namespace kefu::index
