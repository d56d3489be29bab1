#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>

namespace kefu::gateway {

/// As a body; what is not UTF-8 in it is replaced.
std::string json_text(const nlohmann::ordered_json& json);
/// Four decimals: as a double, the float 0.9 prints as 0.8999999761581421.
double rounded(float value);
/// RFC 3339, in UTC, to the second.
std::string time_text(std::int64_t unix_ms);
/// Of now.
std::int64_t unix_milliseconds();

}  // namespace kefu::gateway
