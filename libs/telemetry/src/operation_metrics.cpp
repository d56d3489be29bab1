#include <kefu/telemetry/operation_metrics.hpp>

#include <utility>

namespace kefu::telemetry {

OperationMetrics::OperationMetrics(Metrics& metrics, const std::string& service, std::string operation)
    : metrics_(metrics),
      errors_name_("kefu_" + service + "_errors_total"),
      operation_(std::move(operation)),
      requests_(metrics.counter("kefu_" + service + "_requests_total", "Requests by operation",
                                {{"operation", operation_}})),
      seconds_(metrics.latency("kefu_" + service + "_request_seconds", "Time to answer a request",
                               {{"operation", operation_}})) {}

void OperationMetrics::succeeded(std::chrono::steady_clock::duration taken) const {
  requests_.add();
  seconds_.observe(taken);
}

void OperationMetrics::failed(Errc code) const {
  requests_.add();
  metrics_
      .counter(errors_name_, "Requests that ended with an error",
               {{"operation", operation_}, {"code", std::string(traits(code).wire_code)}})
      .add();
}

}  // namespace kefu::telemetry
