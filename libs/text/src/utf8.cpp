#include <kefu/text/utf8.hpp>

#include <unicode/utf8.h>

#include <algorithm>

namespace kefu::text {

std::size_t valid_utf8_prefix(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const std::size_t start = i;
    UChar32 code_point = 0;
    // NOLINTNEXTLINE(bugprone-inc-dec-in-conditions): inside ICU's macro
    U8_NEXT(text.data(), i, text.size(), code_point);
    if (code_point < 0) return start;
  }
  return i;
}

Result<> validate_utf8(std::string_view text) {
  const std::size_t valid = valid_utf8_prefix(text);
  if (valid == text.size()) return {};
  return fail(Errc::invalid_argument, "the byte at offset " + std::to_string(valid) + " is not valid UTF-8");
}

std::size_t count_code_points(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char byte) { return !U8_IS_TRAIL(byte); }));
}

std::string_view truncate_utf8(std::string_view text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  std::size_t end = max_bytes;
  while (end > 0 && U8_IS_TRAIL(text[end])) --end;
  return text.substr(0, end);
}

}  // namespace kefu::text
