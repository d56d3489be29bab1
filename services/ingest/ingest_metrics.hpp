#pragma once

#include <kefu/telemetry/metrics.hpp>

#include <cstdint>

namespace kefu::ingest {

struct IngestMetrics {
  explicit IngestMetrics(telemetry::Metrics& metrics);

  telemetry::Counter jobs_done;
  telemetry::Counter jobs_failed;
  telemetry::Counter jobs_cancelled;
  telemetry::Counter jobs_retried;  ///< put aside because a dependency was away
  telemetry::Counter redeliveries;
  telemetry::Counter edits;
  telemetry::Counter passages;
  telemetry::Counter rejections;
  telemetry::Histogram extraction;
  telemetry::Gauge jobs_unfinished;
};

}  // namespace kefu::ingest
