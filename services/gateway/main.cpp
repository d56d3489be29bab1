#include "config.hpp"
#include "gateway_service.hpp"

#include <kefu/service/runner.hpp>
#include <kefu/service/settings.hpp>

#include <memory>

int main(int argc, char** argv) {
  using namespace kefu;
  gateway::GatewayConfig config;
  service::Settings settings("kefu-gateway", "the HTTP API: knowledge bases, uploads, questions, searches");
  gateway::add_settings(settings, config);
  settings.check([&] { return gateway::validate(config); });
  service::CommonSettings common;
  common.admin_port = 9105;
  common.drain_delay = std::chrono::seconds(5);
  return service::run(settings, common, argc, argv, [&](const service::Environment& environment) {
    return std::make_unique<gateway::GatewayService>(config, environment);
  });
}
