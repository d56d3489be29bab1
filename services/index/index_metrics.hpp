#pragma once

#include <kefu/base/error.hpp>
#include <kefu/telemetry/metrics.hpp>

#include <chrono>
#include <string>

namespace kefu::index {

/// Every series of this service but those of OperationMetrics.
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
};

/// Requests, errors by code and time of one operation.
class OperationMetrics {
 public:
  OperationMetrics(telemetry::Metrics& metrics, std::string operation);
  void finished(Errc code) const;
  void finished(std::chrono::steady_clock::duration taken) const;

 private:
  telemetry::Metrics& metrics_;
  std::string operation_;
  telemetry::Counter requests_;
  telemetry::Histogram seconds_;
};

}  // namespace kefu::index
