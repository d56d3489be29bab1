#include "codes.hpp"

#include "code_points.hpp"
#include "english.hpp"

#include <algorithm>

namespace kefu::text {
namespace {

/// From here on digits joined by - are a number that is also written without them: of a phone, an order, a
/// day.
constexpr std::ptrdiff_t kLongNumber = 7;

bool is_digit(char c) { return is_ascii_digit(static_cast<unsigned char>(c)); }
bool is_letter(char c) { return c >= 'a' && c <= 'z'; }
bool is_left_out(char c) { return c == '-' || c == '_'; }

std::string whole(std::string_view code) {
  std::string joined(code);
  const bool has_letter = std::ranges::any_of(code, is_letter);
  if (has_letter || std::ranges::count_if(code, is_digit) >= kLongNumber) std::erase_if(joined, is_left_out);
  return joined;
}

void add(std::string_view part, std::vector<std::string>& terms) {
  while (!part.empty() && part.front() == '.') part.remove_prefix(1);
  while (!part.empty() && part.back() == '.') part.remove_suffix(1);
  if (part.empty() || (part.size() == 1 && is_letter(part[0]))) return;  // one letter says nothing
  std::string term(part);
  if (std::ranges::all_of(term, is_letter)) cut_english_ending(term);
  if (std::ranges::find(terms, term) == terms.end()) terms.push_back(std::move(term));
}

template <class EndsBefore>
void add_parts(std::string_view text, std::vector<std::string>& terms, EndsBefore ends_before) {
  std::size_t begin = 0;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (!ends_before(text, i)) continue;
    add(text.substr(begin, i - begin), terms);
    begin = is_left_out(text[i]) ? i + 1 : i;
  }
  add(text.substr(begin), terms);
}

}  // namespace

std::vector<std::string> code_terms(std::string_view code) {
  std::vector<std::string> terms{whole(code)};
  add_parts(code, terms, [](std::string_view text, std::size_t i) { return is_left_out(text[i]); });
  if (std::ranges::none_of(code, is_letter)) return terms;
  add_parts(code, terms, [](std::string_view text, std::size_t i) {
    // A point belongs to the number before or after it, or parts two words.
    const auto kind = [&](std::size_t at) { return is_letter(text[at]) ? 1 : is_digit(text[at]) ? 2 : 0; };
    if (is_left_out(text[i])) return true;
    if (text[i] == '.') return kind(i - 1) == 1 || kind(i + 1) == 1;
    return !is_left_out(text[i - 1]) && text[i - 1] != '.' && kind(i) != kind(i - 1);
  });
  return terms;
}

}  // namespace kefu::text
