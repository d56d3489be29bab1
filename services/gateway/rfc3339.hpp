#pragma once

#include <kefu/base/error.hpp>

#include <cstdint>
#include <string_view>

namespace kefu::gateway {

/// With `Z` or an offset, and with or without a fraction of a second. Errors: `invalid_argument`; the message
/// begins with `what`.
Result<std::int64_t> parse_rfc3339(std::string_view what, std::string_view text);

}  // namespace kefu::gateway
