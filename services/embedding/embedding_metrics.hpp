#pragma once

#include "claim_metrics.hpp"

#include <kefu/telemetry/metrics.hpp>

#include <array>

namespace kefu::embedding {

/// Every series of this service but those of telemetry::OperationMetrics, so that README.md and dashboards
/// have one list to follow.
struct EmbeddingMetrics {
  explicit EmbeddingMetrics(telemetry::Metrics& metrics);

  /// Of one source of vectors that costs no model.
  struct Saved {
    telemetry::Counter texts;
    telemetry::Counter tokens;
  };

  telemetry::Counter texts_computed;
  telemetry::Counter tokens_computed;
  Saved by_memory;
  Saved by_redis;
  Saved by_joining;
  Saved by_replica;
  ClaimMetrics claims;

  telemetry::Counter memory_hits;
  telemetry::Counter memory_misses;
  telemetry::Gauge memory_entries;
  telemetry::Gauge memory_bytes;
  telemetry::Counter redis_hits;
  telemetry::Counter redis_misses;
  telemetry::Counter redis_corrupt;
  telemetry::Counter redis_errors;  ///< lookups: each is a miss too
  telemetry::Counter cache_write_errors;

  std::array<telemetry::Gauge, 2> queued_texts;   ///< by Lane
  std::array<telemetry::Gauge, 2> queued_tokens;  ///< by Lane
  telemetry::Histogram inference;
  telemetry::Counter dropped;  ///< texts that nobody waited for any more
  telemetry::Counter refused;  ///< texts that found the queue full

  telemetry::Counter passages;
  telemetry::Counter redeliveries;
  telemetry::Counter parts_given_up;
};

}  // namespace kefu::embedding
