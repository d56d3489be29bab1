#pragma once

#include <kefu/base/error.hpp>

#include <cstddef>
#include <string_view>

namespace kefu::gateway {

inline constexpr std::size_t kMaxQuestionCodePoints = 2000;
inline constexpr int kMaxTopK = 50;

/// `utf8` is valid; `field` is where it stands in the body. Errors: `invalid_argument` when it is empty,
/// white space alone, or too long.
Result<> validate_question(std::string_view utf8, std::string_view field = "question");

}  // namespace kefu::gateway
