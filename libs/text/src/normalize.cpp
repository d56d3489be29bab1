#include "code_points.hpp"
#include "simplified.hpp"

#include <kefu/text/normalize.hpp>
#include <kefu/text/segment.hpp>

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>

#include <algorithm>
#include <stdexcept>

namespace kefu::text {
namespace {

/// ICU's normalizers are immutable and shared by all threads. They fail only without ICU's data: a broken
/// installation.
const icu::Normalizer2& nfkc() {
  static const icu::Normalizer2& instance = [] -> const icu::Normalizer2& {
    UErrorCode status = U_ZERO_ERROR;
    const icu::Normalizer2* found = icu::Normalizer2::getNFKCInstance(status);
    if (U_FAILURE(status) || found == nullptr) throw std::runtime_error("ICU has no data for NFKC");
    return *found;
  }();
  return instance;
}

std::string apply_nfkc(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  icu::StringByteSink<std::string> sink(&out);
  UErrorCode status = U_ZERO_ERROR;
  nfkc().normalizeUTF8(0, icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())), sink,
                       nullptr, status);
  if (U_FAILURE(status)) throw std::runtime_error("ICU could not normalise a text");
  return out;
}

/// Control characters, and marks that have no width and only hide in copied text.
bool is_dropped(UChar32 c) {
  if (c < 0x20 || c == 0x7F) return !is_space(c);
  return (c > 0x7F && c < 0xA0 && c != 0x85) || c == 0xAD || c == 0x200B || c == 0x2060 || c == 0xFEFF;
}

/// Drops what is_dropped() says and makes the text valid. Before NFKC, since it may bring together what
/// composes.
std::string without_controls(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const UChar32 c = next_code_point(text, i);
    if (!is_dropped(c)) append_code_point(out, c);
  }
  return out;
}

std::string collapse_spaces(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  bool pending_space = false;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t start = i;
    if (is_space(next_code_point(text, i))) {
      pending_space = !out.empty();
      continue;
    }
    if (pending_space) out.push_back(' ');
    pending_space = false;
    out.append(text.substr(start, i - start));
  }
  return out;
}

bool is_plain_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7F; });
}

/// Punctuation that carries meaning inside a word or number: "3.14", "A3-100", "don't", "C++", "50%".
bool is_kept_mark(UChar32 mark, UChar32 before, UChar32 after) {
  if (mark == '%' || mark == '#' || mark == '+' || mark == '&' || mark == '@') return true;
  const bool joins = mark == '.' || mark == '-' || mark == '_' || mark == '/' || mark == ':' || mark == '\'';
  return joins && is_word(before) && is_word(after);
}

}  // namespace

void warm_up() {
  (void)fold_for_matching("的");
  (void)lexical_terms("é");
}

std::string normalize(std::string_view utf8) {
  if (is_plain_ascii(utf8)) return collapse_spaces(utf8);
  return collapse_spaces(apply_nfkc(without_controls(utf8)));
}

/// NFKC makes nothing of what is something, and only white space of what is white space.
bool is_blank(std::string_view utf8) {
  for (std::size_t i = 0; i < utf8.size();) {
    const UChar32 c = next_code_point(utf8, i);
    if (!is_space(c) && !is_dropped(c)) return false;
  }
  return true;
}

std::string fold_for_matching(std::string_view utf8) {
  std::string text = normalize(utf8);
  fold_to_simplified(text);
  std::string out;
  out.reserve(text.size());
  UChar32 last = -1;  // the code point written last
  bool pending_space = false;
  for (std::size_t i = 0; i < text.size();) {
    const UChar32 c = next_code_point(text, i);
    if (c == ' ' || (u_ispunct(c) && !is_kept_mark(c, pending_space ? -1 : last, code_point_at(text, i)))) {
      pending_space = true;
      continue;
    }
    if (pending_space && last >= 0 && !is_cjk(last) && !is_cjk(c)) out.push_back(' ');
    pending_space = false;
    last = u_foldCase(c, U_FOLD_CASE_DEFAULT);
    append_code_point(out, last);
  }
  return out;
}

}  // namespace kefu::text
