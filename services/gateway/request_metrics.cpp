#include "request_metrics.hpp"

namespace kefu::gateway {
namespace {

telemetry::Counter class_counter(telemetry::Metrics& metrics, const std::string& method,
                                 const std::string& pattern, const char* status) {
  return metrics.counter("kefu_gateway_requests_total", "HTTP requests answered",
                         {{"method", method}, {"route", pattern}, {"status", status}});
}

}  // namespace

RouteMetrics::RouteMetrics(telemetry::Metrics& metrics, const std::string& method, const std::string& pattern)
    : by_class_{class_counter(metrics, method, pattern, "2xx"),
                class_counter(metrics, method, pattern, "4xx"),
                class_counter(metrics, method, pattern, "5xx")},
      errors_(metrics, "kefu_gateway_errors_total", "HTTP requests that failed, by error code",
              {{"method", method}, {"route", pattern}}),
      duration_(metrics.latency("kefu_gateway_request_seconds",
                                "From the head of a request to the end of its response",
                                {{"method", method}, {"route", pattern}})),
      in_flight_gauge_(metrics.gauge("kefu_gateway_requests_in_flight", "HTTP requests being answered",
                                     {{"method", method}, {"route", pattern}})) {}

void RouteMetrics::begun() { in_flight_gauge_.set(static_cast<double>(++in_flight_)); }

void RouteMetrics::finished(int status, std::chrono::steady_clock::duration duration) {
  in_flight_gauge_.set(static_cast<double>(--in_flight_));
  by_class_[status < 400 ? 0 : status < 500 ? 1 : 2].add();
  duration_.observe(duration);
}

}  // namespace kefu::gateway
