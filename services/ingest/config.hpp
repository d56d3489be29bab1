#pragma once

#include <kefu/base/error.hpp>
#include <kefu/service/settings.hpp>

#include <chrono>
#include <cstddef>
#include <string>

namespace kefu::ingest {

struct IngestConfig {
  std::size_t slots = 2;
  std::size_t target_tokens = 200;
  std::size_t overlap_tokens = 30;
  std::chrono::milliseconds embedding_patience{120000};
  std::string extractor_program = "/proc/self/exe";
  std::size_t extractor_memory_mb = 1024;
  std::chrono::milliseconds extractor_time{30000};
  std::chrono::milliseconds sweep_interval{600000};
  std::chrono::milliseconds sweep_age{3600000};
};

void add_settings(service::Settings& settings, IngestConfig& config);

/// Errors: `invalid_argument`, naming the setting.
Result<> validate(const IngestConfig& config);

}  // namespace kefu::ingest
