#pragma once

#include <kefu/base/error.hpp>
#include <kefu/provider/breaker.hpp>
#include <kefu/provider/role.hpp>
#include <kefu/telemetry/error_counters.hpp>
#include <kefu/telemetry/metrics.hpp>

namespace kefu::provider {

/// The series of one role.
class ClientMetrics {
 public:
  ClientMetrics(telemetry::Metrics& metrics, Role role);

  void failed(Errc code) const { errors_.count(code); }
  void show(Breaker::State state) const;

  telemetry::Histogram seconds;  ///< of each attempt, until the last byte of its response
  telemetry::Counter retries;
  telemetry::Gauge in_flight;

 private:
  telemetry::ErrorCounters errors_;
  telemetry::Gauge breaker_;
};

}  // namespace kefu::provider
