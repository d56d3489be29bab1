#include "claim_metrics.hpp"

namespace kefu::embedding {
namespace {

telemetry::Counter claims(telemetry::Metrics& metrics, const char* result) {
  return metrics.counter("kefu_embedding_claims_total",
                         "Texts that no cache has, by how it came to which replica computes them",
                         {{"result", result}});
}

}  // namespace

ClaimMetrics::ClaimMetrics(telemetry::Metrics& metrics)
    : won(claims(metrics, "won")),
      waited(claims(metrics, "waited")),
      expired(claims(metrics, "expired")),
      failed(claims(metrics, "failed")) {}

}  // namespace kefu::embedding
