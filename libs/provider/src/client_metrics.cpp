#include "client_metrics.hpp"

#include <string>

namespace kefu::provider {

ClientMetrics::ClientMetrics(telemetry::Metrics& metrics, Role role)
    : seconds(metrics.latency("kefu_provider_request_seconds",
                              "One attempt at an outside model, until the last byte of its response",
                              {{"role", std::string(role.label)}})),
      retries(metrics.counter("kefu_provider_retries_total", "Attempts after the first one of a request",
                              {{"role", std::string(role.label)}})),
      in_flight(metrics.gauge("kefu_provider_requests_in_flight", "Requests open at an outside model",
                              {{"role", std::string(role.label)}})),
      errors_(metrics, "kefu_provider_errors_total", "Requests to an outside model that ended with an error",
              {{"role", std::string(role.label)}}),
      breaker_(metrics.gauge("kefu_provider_breaker_state", "0 closed, 1 half-open, 2 open",
                             {{"role", std::string(role.label)}})) {
  in_flight.set(0);
  show(Breaker::State::closed);
}

void ClientMetrics::show(Breaker::State state) const { breaker_.set(static_cast<double>(state)); }

}  // namespace kefu::provider
