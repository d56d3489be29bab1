#pragma once

#include <kefu/service/runner.hpp>

#include <functional>
#include <vector>

namespace kefu::service {

/// The endpoints that the runner gives to its admin server, and the gateway to its own.
class RunnerEndpoints final : public AdminEndpoints {
 public:
  explicit RunnerEndpoints(const telemetry::Metrics& metrics) : metrics_(metrics) {}

  void add_to(http::Router& router) const override;
  bool draining() const override { return draining_; }

  /// Until this is called, /readyz says "starting".
  void set_conditions(std::function<std::vector<Condition>()> conditions) {
    conditions_ = std::move(conditions);
  }
  void set_draining() { draining_ = true; }

 private:
  Task<void> respond_health(http::Exchange& exchange) const;
  Task<void> respond_ready(http::Exchange& exchange) const;
  Task<void> respond_metrics(http::Exchange& exchange) const;

  const telemetry::Metrics& metrics_;
  std::function<std::vector<Condition>()> conditions_;
  bool draining_ = false;
};

}  // namespace kefu::service
