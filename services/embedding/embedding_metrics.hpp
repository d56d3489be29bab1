#pragma once

#include <kefu/telemetry/metrics.hpp>

#include <array>

namespace kefu::embedding {

/// Every series of this service but those of telemetry::OperationMetrics, so that README.md and dashboards
/// have one list to follow.
struct EmbeddingMetrics {
  explicit EmbeddingMetrics(telemetry::Metrics& metrics);

  telemetry::Counter texts_computed;
  telemetry::Counter texts_cached;
  telemetry::Counter texts_joined;
  telemetry::Counter tokens_computed;
  telemetry::Counter tokens_saved_by_cache;
  telemetry::Counter tokens_saved_by_joining;

  telemetry::Counter cache_hits;
  telemetry::Counter cache_misses;
  telemetry::Counter cache_corrupt;
  telemetry::Counter cache_errors;  ///< lookups: each is a miss too
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
