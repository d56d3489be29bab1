#include "config.hpp"
#include "embedding_service.hpp"

#include <kefu/service/runner.hpp>
#include <kefu/service/settings.hpp>

#include <memory>

int main(int argc, char** argv) {
  using namespace kefu;
  embedding::EmbeddingConfig config;
  service::Settings settings("kefu-embedding", "text to vector, each text paid for once");
  embedding::add_settings(settings, config);
  settings.check([&] { return embedding::validate(config); });
  const service::CommonSettings common{.admin_port = 9101};
  return service::run(settings, common, argc, argv, [&](const service::Environment& environment) {
    return std::make_unique<embedding::EmbeddingService>(config, environment);
  });
}
