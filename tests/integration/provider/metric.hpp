#pragma once

#include <kefu/telemetry/metrics.hpp>

#include <fmt/format.h>

#include <sstream>
#include <string>
#include <string_view>

namespace kefu::provider::testing {

/// The value of a series of the embedding provider with the labels `more` ("endpoint=\"1\","), -1 where there
/// is none.
inline double metric(const telemetry::Metrics& metrics, std::string_view name, std::string_view more = {}) {
  const std::string series = fmt::format("{}{{{}role=\"embedding\"}} ", name, more);
  std::istringstream lines(metrics.expose());
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(series)) return std::stod(line.substr(series.size()));
  }
  return -1;
}

}  // namespace kefu::provider::testing
