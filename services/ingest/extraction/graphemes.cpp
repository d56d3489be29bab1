#include "graphemes.hpp"

#include <kefu/text/utf8.hpp>

#include <unicode/brkiter.h>
#include <unicode/uchar.h>
#include <unicode/utext.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <memory>
#include <stdexcept>

namespace kefu::ingest {
namespace {

/// One for each thread: making it reads ICU's rules.
icu::BreakIterator& boundaries() {
  thread_local const std::unique_ptr<icu::BreakIterator> iterator = [] {
    UErrorCode status = U_ZERO_ERROR;
    std::unique_ptr<icu::BreakIterator> made(
        icu::BreakIterator::createCharacterInstance(icu::Locale::getRoot(), status));
    if (U_FAILURE(status) || made == nullptr) throw std::runtime_error("ICU has no data for characters");
    return made;
  }();
  return *iterator;
}

/// The last boundary in a text of which something follows, at `end` at most; 0 when there is none.
std::size_t last_boundary(std::string_view window, std::size_t end) {
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<UText, decltype(&utext_close)> view(
      utext_openUTF8(nullptr, window.data(), static_cast<std::int64_t>(window.size()), &status),
      &utext_close);
  boundaries().setText(view.get(), status);
  if (U_FAILURE(status)) throw std::runtime_error("ICU could not read a text");
  const auto at = static_cast<std::int32_t>(end);
  if (boundaries().isBoundary(at)) return end;
  return static_cast<std::size_t>(std::max(0, boundaries().preceding(at)));
}

}  // namespace

std::string_view grapheme_prefix(std::string_view text, std::size_t max_bytes) {
  // Whether there is a boundary depends on the code point behind it.
  constexpr std::size_t kBehind = 2 * U8_MAX_LENGTH;
  if (text.size() <= max_bytes) return text;
  std::size_t end = text::truncate_utf8(text, max_bytes).size();
  if (end == 0) {
    // NOLINTNEXTLINE(bugprone-inc-dec-in-conditions): inside the macro of ICU
    U8_FWD_1(text.data(), end, text.size());
    return text.substr(0, end);
  }
  const std::size_t boundary = last_boundary(text::truncate_utf8(text, max_bytes + kBehind), end);
  return text.substr(0, boundary == 0 ? end : boundary);
}

bool continues_a_grapheme(std::string_view text) {
  if (text.empty() || static_cast<unsigned char>(text[0]) < 0x80) return false;
  std::size_t i = 0;
  UChar32 code_point = 0;
  // NOLINTNEXTLINE(bugprone-inc-dec-in-conditions): inside ICU's macro
  U8_NEXT(text.data(), i, text.size(), code_point);
  return u_hasBinaryProperty(code_point, UCHAR_GRAPHEME_EXTEND) != 0 || code_point == 0x200D;
}

}  // namespace kefu::ingest
