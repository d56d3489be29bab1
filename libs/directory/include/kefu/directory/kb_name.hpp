#pragma once

#include <kefu/base/error.hpp>

#include <cstddef>
#include <string_view>

namespace kefu::directory {

inline constexpr std::size_t kLongestKbName = 64;

/// The one rule for names of knowledge bases: 1 to 64 letters of any script with their marks, digits, `-` and
/// `_`. `what` begins the message. Errors: `invalid_argument`.
Result<> check_kb_name(std::string_view name, std::string_view what = "the knowledge base's name");

}  // namespace kefu::directory
