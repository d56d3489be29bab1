#include "language.hpp"

#include "code_points.hpp"

#include <algorithm>

namespace kefu::answer {
namespace {

/// The blocks that everyday Chinese is written in: unified ideographs, extension A, compatibility, 〇, and
/// the supplementary planes.
bool is_han(char32_t c) {
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) || (c >= 0xF900 && c <= 0xFAFF) ||
         c == 0x3007 || (c >= 0x20000 && c <= 0x3FFFF);
}

}  // namespace

Language language_of(std::string_view utf8) {
  const std::u32string points = code_points(utf8);
  return std::ranges::any_of(points, is_han) ? Language::chinese : Language::english;
}

}  // namespace kefu::answer
