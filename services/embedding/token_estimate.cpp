#include "token_estimate.hpp"

#include <cstdint>

namespace kefu::embedding {
namespace {

enum class Kind { space, letter, single, ideograph, foreign, rare };

/// The code point of a lead byte and those that follow it, which moves `at` past them.
char32_t next(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : std::uint8_t{0};
  };
  const std::uint8_t lead = byte(at);
  const unsigned more = lead < 0xC0U ? 0 : lead < 0xE0U ? 1 : lead < 0xF0U ? 2 : 3;
  char32_t code = more == 0 ? lead : lead & (0x3FU >> more);
  for (unsigned i = 1; i <= more; ++i) code = code << 6U | (byte(at + i) & 0x3FU);
  at += more + 1;
  return code;
}

bool between(char32_t code, char32_t first, char32_t last) { return code >= first && code <= last; }

Kind kind_of(char32_t code) {
  if (code == ' ') return Kind::space;
  if (between(code | 0x20U, 'a', 'z')) return Kind::letter;
  if (code < 0x250) return Kind::single;
  if (between(code, 0x2E80, 0x9FFF) || between(code, 0xAC00, 0xD7AF) || between(code, 0xF900, 0xFAFF) ||
      between(code, 0xFF00, 0xFFEF))
    return Kind::ideograph;
  return code < 0x10000 ? Kind::foreign : Kind::rare;
}

}  // namespace

std::size_t estimate_tokens(std::string_view text) {
  constexpr std::size_t kLettersOfAToken = 3;
  std::size_t tokens = 0;
  std::size_t letters = 0;
  std::size_t ideographs = 0;
  bool after_space = true;  // as SentencePiece sees the beginning
  const auto end_word = [&] {
    tokens += (letters + kLettersOfAToken - 1) / kLettersOfAToken;
    letters = 0;
  };
  for (std::size_t at = 0; at < text.size();) {
    const Kind kind = kind_of(next(text, at));
    if (kind == Kind::letter) {
      ++letters;
      after_space = false;
      continue;
    }
    end_word();
    // A word takes the space before it into its first token; whatever else follows may leave it alone.
    if (after_space) ++tokens;
    after_space = kind == Kind::space;
    switch (kind) {
      case Kind::single:
        tokens += 1;
        break;
      case Kind::ideograph:
        ++ideographs;
        break;
      case Kind::foreign:
        tokens += 2;
        break;
      case Kind::rare:
        tokens += 4;
        break;
      default:
        break;
    }
  }
  end_word();
  if (after_space && !text.empty()) ++tokens;
  return tokens + (ideographs * 3 + 1) / 2;
}

}  // namespace kefu::embedding
