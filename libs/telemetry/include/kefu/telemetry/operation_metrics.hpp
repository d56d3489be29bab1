#pragma once

#include <kefu/base/error.hpp>
#include <kefu/telemetry/error_counters.hpp>
#include <kefu/telemetry/metrics.hpp>

#include <chrono>
#include <string>

namespace kefu::telemetry {

/// Requests, errors by code and time of one operation of a service: `kefu_<service>_requests_total`,
/// `kefu_<service>_errors_total` and `kefu_<service>_request_seconds`.
class OperationMetrics {
 public:
  /// `metrics` outlives this object.
  OperationMetrics(Metrics& metrics, const std::string& service, const std::string& operation);

  void succeeded(std::chrono::steady_clock::duration taken) const;
  void failed(Errc code) const;

 private:
  Counter requests_;
  ErrorCounters errors_;
  Histogram seconds_;
};

}  // namespace kefu::telemetry
