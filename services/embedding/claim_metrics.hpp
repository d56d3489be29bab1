#pragma once

#include <kefu/telemetry/metrics.hpp>

namespace kefu::embedding {

/// Who computes the texts that no cache has. Each is `won`, `waited` or `failed` once; one that was waited
/// for may become `expired` or `failed` later.
struct ClaimMetrics {
  explicit ClaimMetrics(telemetry::Metrics& metrics);

  telemetry::Counter won;      ///< this replica
  telemetry::Counter waited;   ///< another one, or it just has
  telemetry::Counter expired;  ///< this one, after the claim of another ended without a vector
  telemetry::Counter failed;   ///< this one, because Redis did not say
};

}  // namespace kefu::embedding
