#pragma once

#include <kefu/base/error.hpp>
#include <kefu/provider/breaker.hpp>
#include <kefu/provider/role.hpp>
#include <kefu/telemetry/error_counters.hpp>
#include <kefu/telemetry/metrics.hpp>

#include <cstddef>

namespace kefu::provider {

/// The series of one role.
class ClientMetrics {
 public:
  ClientMetrics(telemetry::Metrics& metrics, Role role);

  void failed(Errc code) const { errors_.count(code); }

  telemetry::Histogram seconds;  ///< of each attempt, until the last byte of its response
  telemetry::Counter retries;
  telemetry::Counter failovers;
  telemetry::Gauge in_flight;

 private:
  telemetry::ErrorCounters errors_;
};

/// The series of one of its endpoints, which the label numbers in their order, from 1.
class EndpointMetrics {
 public:
  EndpointMetrics(telemetry::Metrics& metrics, Role role, std::size_t number);

  void show(Breaker::State state) const { breaker_.set(static_cast<double>(state)); }
  void show_limit(std::size_t requests) const { limit_.set(static_cast<double>(requests)); }

 private:
  telemetry::Gauge breaker_;
  telemetry::Gauge limit_;
};

}  // namespace kefu::provider
