#pragma once

#include <kefu/base/error.hpp>
#include <kefu/provider/breaker.hpp>
#include <kefu/provider/role.hpp>
#include <kefu/telemetry/metrics.hpp>

#include <string>

namespace kefu::provider {

/// The series of one role.
class ClientMetrics {
 public:
  ClientMetrics(telemetry::Metrics& metrics, Role role);

  void failed(Errc code) const { errors(code).add(); }
  void show(Breaker::State state) const;

  telemetry::Histogram seconds;  ///< of each attempt, until the last byte of its response
  telemetry::Counter retries;
  telemetry::Gauge in_flight;

 private:
  telemetry::Counter errors(Errc code) const;

  telemetry::Metrics& metrics_;
  std::string role_;
  telemetry::Gauge breaker_;
};

}  // namespace kefu::provider
