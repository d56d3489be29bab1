#pragma once

#include <kefu/telemetry/metrics.hpp>

namespace kefu::index {

/// Every series of this service but those of telemetry::OperationMetrics.
struct IndexMetrics {
  explicit IndexMetrics(telemetry::Metrics& metrics);

  telemetry::Histogram dense;
  telemetry::Histogram lexical;
  telemetry::Counter lexical_only;

  telemetry::Gauge documents;
  telemetry::Gauge passages;
  telemetry::Gauge vector_bytes;

  telemetry::Gauge applied_sequence;
  telemetry::Gauge lag;
  telemetry::Gauge ready;
  telemetry::Counter replayed;
  telemetry::Counter erased;
  telemetry::Counter invalid;
  telemetry::Counter dropped;
  telemetry::Counter purged;
};

}  // namespace kefu::index
