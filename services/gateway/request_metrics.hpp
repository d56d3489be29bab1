#pragma once

#include <kefu/telemetry/error_counters.hpp>
#include <kefu/telemetry/metrics.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <string>

namespace kefu::gateway {

/// Rate, errors, duration and requests in flight of one route. Labels are the pattern of the route, never the
/// path of a request.
class RouteMetrics {
 public:
  RouteMetrics(telemetry::Metrics& metrics, const std::string& method, const std::string& pattern);

  void begun();
  void finished(int status, std::chrono::steady_clock::duration duration);
  /// The code that the client is given.
  void failed(Errc code) const { errors_.count(code); }

 private:
  std::array<telemetry::Counter, 3> by_class_;  // 2xx, 4xx, 5xx
  telemetry::ErrorCounters errors_;
  telemetry::Histogram duration_;
  telemetry::Gauge in_flight_gauge_;
  std::size_t in_flight_ = 0;
};

}  // namespace kefu::gateway
