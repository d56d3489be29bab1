#pragma once

#include <kefu/base/error.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace kefu::text {

/// Errors: `invalid_argument`, naming the byte offset of the first byte that is not UTF-8 (RFC 3629: no
/// surrogates, no overlong forms).
Result<> validate_utf8(std::string_view text);

/// Length in bytes of the longest beginning that is valid UTF-8: the offset of the first bad byte, or all.
std::size_t valid_utf8_prefix(std::string_view text);

/// Number of Unicode code points; the text must be valid.
std::size_t count_code_points(std::string_view text);

/// The first `max_bytes` bytes at most, never cutting a code point.
std::string_view truncate_utf8(std::string_view text, std::size_t max_bytes);

}  // namespace kefu::text
