#include "json_text.hpp"

#include <fmt/chrono.h>

#include <chrono>
#include <cmath>
#include <ctime>

namespace kefu::gateway {

std::string json_text(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

double rounded(float value) { return std::round(static_cast<double>(value) * 1e4) / 1e4; }

std::string time_text(std::int64_t unix_ms) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(unix_ms / 1000)));
}

std::int64_t unix_milliseconds() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace kefu::gateway
