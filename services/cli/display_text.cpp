#include "display_text.hpp"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <cstdint>

namespace kefu::cli {
namespace {

std::size_t columns_of(UChar32 character) {
  if (character < 0) return 1;  // a byte that is no UTF-8 shows as a replacement character
  switch (u_charType(character)) {
    case U_NON_SPACING_MARK:
    case U_ENCLOSING_MARK:
    case U_FORMAT_CHAR:
    case U_CONTROL_CHAR:
      return 0;
    default:
      break;
  }
  const int width = u_getIntPropertyValue(character, UCHAR_EAST_ASIAN_WIDTH);
  return width == U_EA_WIDE || width == U_EA_FULLWIDTH ? 2 : 1;
}

struct Character {
  std::string_view bytes;
  UChar32 value;
};

/// Takes the first character off `rest`.
Character take_character(std::string_view& rest) {
  int32_t end = 0;
  UChar32 value = 0;
  // NOLINTNEXTLINE(bugprone-inc-dec-in-conditions): inside the macro of ICU
  U8_NEXT(rest.data(), end, static_cast<int32_t>(rest.size()), value);
  const Character character{rest.substr(0, static_cast<std::size_t>(end)), value};
  rest.remove_prefix(static_cast<std::size_t>(end));
  return character;
}

}  // namespace

std::size_t display_width(std::string_view utf8) {
  std::size_t width = 0;
  while (!utf8.empty()) width += columns_of(take_character(utf8).value);
  return width;
}

std::string fit(std::string_view utf8, std::size_t columns) {
  if (display_width(utf8) <= columns) return std::string(utf8);
  std::string out;
  std::size_t width = 0;
  while (!utf8.empty()) {
    const Character next = take_character(utf8);
    width += columns_of(next.value);
    if (width + 1 > columns) break;
    out += next.bytes;
  }
  return out + "…";
}

std::string pad_right(std::string_view utf8, std::size_t columns) {
  const std::size_t width = display_width(utf8);
  return std::string(utf8) + std::string(columns > width ? columns - width : 0, ' ');
}

std::string pad_left(std::string_view utf8, std::size_t columns) {
  const std::size_t width = display_width(utf8);
  return std::string(columns > width ? columns - width : 0, ' ') + std::string(utf8);
}

std::string printable(std::string_view utf8) {
  std::string out;
  out.reserve(utf8.size());
  while (!utf8.empty()) {
    const Character next = take_character(utf8);
    const bool steering = next.value >= 0 && u_charType(next.value) == U_CONTROL_CHAR;
    if (next.value < 0) {
      out += "\xEF\xBF\xBD";
    } else if (!steering || next.value == '\n' || next.value == '\t') {
      out += next.bytes;
    }
  }
  return out;
}

std::string one_line(std::string_view utf8) {
  std::string out;
  for (const char c : printable(utf8)) {
    const bool space = c == ' ' || c == '\n' || c == '\t';
    if (!space) {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  if (out.ends_with(' ')) out.pop_back();
  return out;
}

std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (auto position = static_cast<std::ptrdiff_t>(digits.size()) - 3; position > 0; position -= 3) {
    digits.insert(static_cast<std::size_t>(position), ",");
  }
  return digits;
}

}  // namespace kefu::cli
