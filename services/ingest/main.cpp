#include "config.hpp"
#include "extraction/extract_mode.hpp"
#include "ingest_service.hpp"

#include <kefu/service/runner.hpp>
#include <kefu/service/settings.hpp>

#include <memory>

int main(int argc, char** argv) {
  using namespace kefu;
  if (const auto status = ingest::run_extract_mode(argc, argv)) return *status;
  ingest::IngestConfig config;
  service::Settings settings("kefu-ingest",
                             "takes uploaded files apart into passages and follows them to the index");
  ingest::add_settings(settings, config);
  settings.check([&] { return ingest::validate(config); });
  return service::run(settings, {}, argc, argv, [&](const service::Environment& environment) {
    return std::make_unique<ingest::IngestService>(config, environment);
  });
}
