#pragma once

#include <string>
#include <string_view>

namespace kefu::answer {

/// The code points of valid UTF-8; bytes that are not are skipped.
std::u32string code_points(std::string_view utf8);

/// The longest beginning of `utf8` with at most `limit` code points.
std::string_view first_code_points(std::string_view utf8, std::size_t limit);

}  // namespace kefu::answer
