#include <kefu/telemetry/operation_metrics.hpp>

namespace kefu::telemetry {

OperationMetrics::OperationMetrics(Metrics& metrics, const std::string& service, const std::string& operation)
    : requests_(metrics.counter("kefu_" + service + "_requests_total", "Requests by operation",
                                {{"operation", operation}})),
      errors_(metrics, "kefu_" + service + "_errors_total", "Requests that ended with an error",
              {{"operation", operation}}),
      seconds_(metrics.latency("kefu_" + service + "_request_seconds", "Time to answer a request",
                               {{"operation", operation}})) {}

void OperationMetrics::succeeded(std::chrono::steady_clock::duration taken) const {
  requests_.add();
  seconds_.observe(taken);
}

void OperationMetrics::failed(Errc code) const {
  requests_.add();
  errors_.count(code);
}

}  // namespace kefu::telemetry
