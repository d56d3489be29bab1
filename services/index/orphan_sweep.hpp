#pragma once

#include "index_metrics.hpp"
#include "replica.hpp"

#include <kefu/bus/stream_store.hpp>
#include <kefu/telemetry/log.hpp>

#include <chrono>
#include <set>

namespace kefu::index {

/// A cancelled job's messages vanish from KEFU_VECTORS without a word to those who have read them, and no
/// manifest ever comes. So a version that stays incomplete from one sweep to the next is looked up there, and
/// dropped where nothing of it is left: a replica that reads the log anew would not have it either, which is
/// why it is never wrong. Thread: the event loop.
class OrphanSweep {
 public:
  static constexpr std::chrono::milliseconds kInterval{600'000};

  /// All outlive this object.
  OrphanSweep(bus::StreamStore& streams, Replica& replica, IndexMetrics& metrics,
              const telemetry::Logger& log, std::chrono::milliseconds interval = kInterval)
      : streams_(streams), replica_(replica), metrics_(metrics), log_(log), interval_(interval) {}

  /// Until stop(); spawn it in the owner's task group.
  Task<void> run();
  void stop() { stopping_ = true; }

 private:
  Task<void> pause();
  Task<Result<>> sweep();
  Task<Result<>> look_up(proto::VersionKey version);

  bus::StreamStore& streams_;
  Replica& replica_;
  IndexMetrics& metrics_;
  const telemetry::Logger& log_;
  std::chrono::milliseconds interval_;
  std::set<proto::VersionKey> incomplete_;  // at the sweep before
  bool stopping_ = false;
};

}  // namespace kefu::index
