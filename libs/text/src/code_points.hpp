#pragma once

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <string>
#include <string_view>

namespace kefu::text {

/// Han, kana and Hangul: scripts whose words are found as pairs of neighbouring characters.
inline bool is_cjk(UChar32 c) {
  if (c < 0x3005) return false;
  return c <= 0x3007 || (c >= 0x3040 && c <= 0x30FF && c != 0x30FB) || (c >= 0x31F0 && c <= 0x31FF) ||
         (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0xAC00 && c <= 0xD7AF) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x20000 && c <= 0x3FFFF);
}

inline bool is_ascii_alnum(UChar32 c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
inline bool is_ascii_digit(UChar32 c) { return c >= '0' && c <= '9'; }

/// White space of any script, line ends included.
inline bool is_space(UChar32 c) {
  if (c < 0x80) return c == ' ' || (c >= '\t' && c <= '\r');
  return u_isUWhiteSpace(c) != 0;
}

/// A letter, digit or mark of a script that is not CJK: what a word is made of.
inline bool is_word(UChar32 c) {
  if (c < 0x80) return is_ascii_alnum(c);
  if (is_cjk(c)) return false;
  return (U_GET_GC_MASK(c) & (U_GC_L_MASK | U_GC_M_MASK | U_GC_N_MASK)) != 0;
}

/// The code point at `position`, which moves behind it. Bytes that are not UTF-8 read as U+FFFD.
inline UChar32 next_code_point(std::string_view text, std::size_t& position) {
  UChar32 c = 0;
  // NOLINTNEXTLINE(bugprone-inc-dec-in-conditions): inside ICU's macro
  U8_NEXT_OR_FFFD(text.data(), position, text.size(), c);
  return c;
}
/// The code point at `position`, or -1 at the end.
inline UChar32 code_point_at(std::string_view text, std::size_t position) {
  return position < text.size() ? next_code_point(text, position) : -1;
}

inline void append_code_point(std::string& out, UChar32 c) {
  char buffer[U8_MAX_LENGTH];
  std::size_t length = 0;
  U8_APPEND_UNSAFE(buffer, length, c);
  out.append(buffer, length);
}

}  // namespace kefu::text
