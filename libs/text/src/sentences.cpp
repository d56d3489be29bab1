#include "code_points.hpp"

#include <kefu/text/segment.hpp>

#include <algorithm>
#include <array>

namespace kefu::text {
namespace {

bool is_cjk_end(UChar32 c) { return c == 0x3002 || c == 0xFF01 || c == 0xFF1F || c == 0xFF1B || c == 0x2026; }
bool is_ascii_end(UChar32 c) { return c == '.' || c == '!' || c == '?'; }
bool is_line_end(UChar32 c) { return c == '\n' || c == '\r' || c == 0x2028 || c == 0x2029; }

/// Quotes and brackets that close with the sentence: 他说：“好。”
bool is_closer(UChar32 c) {
  constexpr std::u32string_view kClosers = U"\"')]}”’」』）】》〉";
  return kClosers.find(static_cast<char32_t>(c)) != std::u32string_view::npos;
}

/// Words whose full stop does not end a sentence.
bool is_abbreviation(std::string_view word) {
  constexpr std::array<std::string_view, 17> kKnown = {"mr", "mrs", "ms",     "dr",  "prof", "st",
                                                       "vs", "fig", "e.g",    "i.e", "inc",  "ltd",
                                                       "co", "cf",  "approx", "tel", "ext"};
  std::string lower(word);
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  if (word.size() == 1 && word[0] >= 'A' && word[0] <= 'Z') return true;  // an initial: "J. Smith"
  return std::ranges::find(kKnown, lower) != kKnown.end();
}

/// Whether the run of English marks text[mark, end) ends the sentence that began at `begin`.
bool ascii_marks_end_it(std::string_view text, std::size_t begin, std::size_t mark, std::size_t end) {
  const UChar32 after = code_point_at(text, end);
  if (after >= 0 && !is_space(after) && !is_cjk(after) && !is_closer(after)) return false;
  if (text[mark] != '.' || end - mark > 1) return true;
  const auto in_word = [](char c) {
    return is_ascii_alnum(static_cast<unsigned char>(c)) || c == '.' || c == '\'';
  };
  std::size_t word = mark;
  while (word > begin && in_word(text[word - 1])) --word;
  const std::string_view token = text.substr(word, mark - word);
  const bool digits = !token.empty() && std::ranges::all_of(token, [](char c) { return is_ascii_digit(c); });
  // The number of a list item: "1. Open the lid", "2.退货".
  if (digits && text.substr(begin, word - begin).find_first_not_of(" \t\r\n") == std::string_view::npos)
    return false;
  if (digits && is_cjk(after)) return false;
  if (token == "no" || token == "No") {  // "No. 5" goes on, "The answer is no." ends
    const std::size_t next = text.find_first_not_of(' ', end);
    return next == std::string_view::npos || !is_ascii_digit(text[next]);
  }
  return !is_abbreviation(token);
}

}  // namespace

std::vector<std::string_view> sentences(std::string_view utf8) {
  std::vector<std::string_view> out;
  std::size_t begin = 0;
  std::size_t i = 0;
  const auto skip_while = [&](auto predicate) {
    for (std::size_t next = i; next < utf8.size(); i = next) {
      if (!predicate(next_code_point(utf8, next))) break;
    }
  };
  bool seen_text = false;  // leading white space belongs to the first sentence
  while (i < utf8.size()) {
    const std::size_t start = i;
    const UChar32 c = next_code_point(utf8, i);
    bool ends = false;
    if (is_line_end(c)) {
      ends = seen_text;
    } else if (is_cjk_end(c)) {
      skip_while([](UChar32 mark) { return is_cjk_end(mark) || is_ascii_end(mark); });
      ends = true;
    } else if (is_ascii_end(c)) {
      skip_while([](UChar32 mark) { return is_cjk_end(mark) || is_ascii_end(mark); });
      ends = ascii_marks_end_it(utf8, begin, start, i);
    }
    seen_text = seen_text || !is_space(c);
    if (!ends) continue;
    skip_while(is_closer);
    skip_while(is_space);
    out.push_back(utf8.substr(begin, i - begin));
    begin = i;
    seen_text = false;
  }
  if (begin < utf8.size()) out.push_back(utf8.substr(begin));
  return out;
}

}  // namespace kefu::text
