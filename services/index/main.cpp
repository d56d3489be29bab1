#include "config.hpp"
#include "index_service.hpp"

#include <kefu/service/runner.hpp>
#include <kefu/service/settings.hpp>

#include <memory>

int main(int argc, char** argv) {
  using namespace kefu;
  index::IndexConfig config;
  service::Settings settings("kefu-index", "knowledge bases and the search in them");
  index::add_settings(settings, config);
  settings.check([&] { return index::validate(config); });
  const service::CommonSettings common{.admin_port = 9102};
  return service::run(settings, common, argc, argv, [&](const service::Environment& environment) {
    config.replica_id = index::replica_id(config);
    return std::make_unique<index::IndexService>(config, environment, index::jetstream_storage(environment));
  });
}
