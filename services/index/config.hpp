#pragma once

#include "fusion.hpp"

#include <kefu/base/error.hpp>
#include <kefu/service/settings.hpp>

#include <cstddef>
#include <filesystem>
#include <string>

namespace kefu::index {

struct IndexConfig {
  std::string data_dir = "data/index";
  std::string replica_id = {};
  std::size_t search_threads = 0;
  std::size_t max_searches = 256;
  std::size_t erase_rate = 500;
  FusionWeights weights;

  std::filesystem::path file() const { return std::filesystem::path(data_dir) / "index.sqlite3"; }
  std::size_t search_threads_or_default() const;
};

void add_settings(service::Settings& settings, IndexConfig& config);

/// Errors: `invalid_argument`, naming the setting.
Result<> validate(const IndexConfig& config);

/// The one given, or the host's name with something random: unique, and a key of a bucket.
std::string replica_id(const IndexConfig& config);

}  // namespace kefu::index
