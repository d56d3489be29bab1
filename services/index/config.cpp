#include "config.hpp"

#include <kefu/base/ids.hpp>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <thread>

namespace kefu::index {
namespace {

bool allowed_in_key(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

std::string host_name() {
  std::array<char, 256> buffer{};
  if (::gethostname(buffer.data(), buffer.size() - 1) != 0) return "index";
  std::string name(buffer.data());
  std::ranges::replace_if(name, [](char c) { return !allowed_in_key(c); }, '-');
  return name;
}

}  // namespace

void add_settings(service::Settings& settings, IndexConfig& config) {
  settings.add("data-dir", config.data_dir,
               "folder of the index on disk; may be deleted, then it is built again");
  settings.add("replica-id", config.replica_id,
               "name of this replica, unlike all others; empty: the host's with something random");
  settings.add("search-threads", config.search_threads, "threads that search; 0: one for each processor");
  settings.add("max-searches", config.max_searches, "searches in progress at once; more are refused");
  settings.add("erase-rate", config.erase_rate, "superseded messages erased from the log in a second");
  settings.add("dense-weight", config.weights.dense, "weight of the ranking by vectors");
  settings.add("lexical-weight", config.weights.lexical, "weight of the ranking by words");
}

Result<> validate(const IndexConfig& config) {
  if (config.data_dir.empty()) return fail(Errc::invalid_argument, "data-dir must name a folder");
  if (!std::ranges::all_of(config.replica_id, allowed_in_key)) {
    return fail(Errc::invalid_argument, "replica-id: only letters, digits, - and _");
  }
  if (config.max_searches == 0) return fail(Errc::invalid_argument, "max-searches must be at least 1");
  if (config.erase_rate == 0) return fail(Errc::invalid_argument, "erase-rate must be at least 1");
  const auto usable = [](double weight) { return std::isfinite(weight) && weight >= 0; };
  const double sum = config.weights.dense + config.weights.lexical;
  if (!usable(config.weights.dense) || !usable(config.weights.lexical) || sum == 0) {
    return fail(Errc::invalid_argument, "dense-weight and lexical-weight: not negative, and not both 0");
  }
  return {};
}

std::size_t IndexConfig::search_threads_or_default() const {
  return search_threads != 0 ? search_threads : std::max(1U, std::thread::hardware_concurrency());
}

std::string replica_id(const IndexConfig& config) {
  return config.replica_id.empty() ? host_name() + "-" + random_id(4) : config.replica_id;
}

}  // namespace kefu::index
