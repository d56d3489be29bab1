#include "client_metrics.hpp"

#include <string>

namespace kefu::provider {
namespace {

telemetry::Labels labels_of(Role role) { return {{"role", std::string(role.label)}}; }

telemetry::Labels labels_of(Role role, std::size_t number) {
  return {{"endpoint", std::to_string(number)}, {"role", std::string(role.label)}};
}

}  // namespace

ClientMetrics::ClientMetrics(telemetry::Metrics& metrics, Role role)
    : seconds(metrics.latency("kefu_provider_request_seconds",
                              "One attempt at an outside model, until the last byte of its response",
                              labels_of(role))),
      retries(metrics.counter("kefu_provider_retries_total", "Attempts after the first one of a request",
                              labels_of(role))),
      failovers(metrics.counter("kefu_provider_failovers_total",
                                "Attempts at another endpoint since one had failed", labels_of(role))),
      in_flight(metrics.gauge("kefu_provider_requests_in_flight", "Requests open at an outside model",
                              labels_of(role))),
      errors_(metrics, "kefu_provider_errors_total", "Requests to an outside model that ended with an error",
              labels_of(role)) {
  in_flight.set(0);
}

EndpointMetrics::EndpointMetrics(telemetry::Metrics& metrics, Role role, std::size_t number)
    : breaker_(metrics.gauge("kefu_provider_breaker_state", "0 closed, 1 half-open, 2 open",
                             labels_of(role, number))),
      limit_(metrics.gauge("kefu_provider_concurrency_limit",
                           "Requests that may be open at an endpoint, as its refusals leave it",
                           labels_of(role, number))) {}

}  // namespace kefu::provider
