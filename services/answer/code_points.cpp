#include "code_points.hpp"

#include <cstdint>

namespace kefu::answer {
namespace {

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U; }

/// Bytes of the code point that begins with `lead`, 0 for a byte that begins none.
std::size_t sequence_length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if ((lead & 0xE0U) == 0xC0U) return 2;
  if ((lead & 0xF0U) == 0xE0U) return 3;
  if ((lead & 0xF8U) == 0xF0U) return 4;
  return 0;
}

}  // namespace

std::u32string code_points(std::string_view utf8) {
  std::u32string points;
  points.reserve(utf8.size());
  for (std::size_t i = 0; i < utf8.size();) {
    const auto lead = static_cast<unsigned char>(utf8[i]);
    const std::size_t length = sequence_length(lead);
    if (length == 0 || i + length > utf8.size()) {
      ++i;
      continue;
    }
    char32_t point = length == 1 ? lead : lead & (0x7FU >> length);
    for (std::size_t k = 1; k < length; ++k) {
      point = (point << 6U) | (static_cast<unsigned char>(utf8[i + k]) & 0x3FU);
    }
    points.push_back(point);
    i += length;
  }
  return points;
}

std::string_view first_code_points(std::string_view utf8, std::size_t limit) {
  std::size_t end = 0;
  for (std::size_t points = 0; end < utf8.size(); ++end) {
    if (is_continuation(utf8[end])) continue;
    if (points++ == limit) break;
  }
  return utf8.substr(0, end);
}

}  // namespace kefu::answer
