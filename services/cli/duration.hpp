#pragma once

#include <kefu/base/error.hpp>

#include <chrono>
#include <string_view>

namespace kefu::cli {

/// "500ms", "30s", "10m", "12h", "90d". Errors: `invalid_argument`, for zero too.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);

}  // namespace kefu::cli
