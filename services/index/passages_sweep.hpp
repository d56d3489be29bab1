#pragma once

#include "index_metrics.hpp"

#include <kefu/async/task.hpp>
#include <kefu/bus/stream_store.hpp>
#include <kefu/directory/knowledge_bases.hpp>
#include <kefu/telemetry/log.hpp>

#include <chrono>
#include <string>
#include <unordered_map>

namespace kefu::index {

/// Takes passages of deleted knowledge bases out of KEFU_PASSAGES, so that nothing is embedded which nobody
/// will ever find. Every replica does it, for the second one finds nothing left. Thread: the event loop.
class PassagesSweep {
 public:
  /// A job that was running may still publish for a moment, so each knowledge base is looked at twice.
  static constexpr std::chrono::milliseconds kSecondLookAfter{30'000};

  /// All outlive this object.
  PassagesSweep(const directory::KnowledgeBases& directory, bus::StreamStore& streams, IndexMetrics& metrics,
                const telemetry::Logger& log, std::chrono::milliseconds second_look_after = kSecondLookAfter)
      : directory_(directory),
        streams_(streams),
        metrics_(metrics),
        log_(log),
        second_look_after_(second_look_after) {}

  /// Until stop(); spawn it in the owner's task group.
  Task<void> run();
  void stop() { stopping_ = true; }

 private:
  using Clock = std::chrono::steady_clock;
  struct Looks {
    int left = 2;
    Clock::time_point next_at{};
  };

  Task<Result<>> sweep();
  Task<Result<>> look_at(std::string incarnation);

  const directory::KnowledgeBases& directory_;
  bus::StreamStore& streams_;
  IndexMetrics& metrics_;
  const telemetry::Logger& log_;
  std::chrono::milliseconds second_look_after_;
  std::unordered_map<std::string, Looks> looks_;  // by incarnation
  bool stopping_ = false;
};

}  // namespace kefu::index
