#include "conversation.hpp"

#include "code_points.hpp"

#include <kefu/text/normalize.hpp>
#include <kefu/text/utf8.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <ranges>

namespace kefu::answer {
namespace {

using kefu::v1::Turn;

constexpr std::array<std::string_view, 16> kChinesePointers{"它",   "这个", "那个", "这款", "那款", "这种",
                                                            "那种", "这样", "那样", "这些", "那些", "上面",
                                                            "刚才", "前面", "這個", "那個"};
constexpr std::array<std::string_view, 5> kChineseOpenings{"那", "还有", "還有", "另外", "然后"};
constexpr std::array<std::string_view, 12> kEnglishPointers{
    "it", "its", "that", "this", "those", "these", "they", "their", "them", "one", "ones", "there"};
constexpr std::array<std::string_view, 5> kEnglishOpenings{"and ", "what about ", "how about ", "then ",
                                                           "or "};

std::string lower_ascii(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string_view without_end_marks(std::string_view text) {
  constexpr std::string_view kMarks = "?!. ";
  const auto last = text.find_last_not_of(kMarks);
  text = last == std::string_view::npos ? std::string_view{} : text.substr(0, last + 1);
  while (text.ends_with("。")) text.remove_suffix(std::string_view("。").size());
  return text;
}

/// Words in the sense of English: runs of letters and apostrophes.
bool holds_word(std::string_view text, std::string_view word) {
  const auto is_letter = [](char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; };
  for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || !is_letter(text[at - 1])) && (end == text.size() || !is_letter(text[end]))) return true;
  }
  return false;
}

}  // namespace

Turn turn(Turn::Role role, std::string_view text) {
  Turn out;
  out.set_role(role);
  out.set_text(std::string(text));
  return out;
}

Turns recent(const Turns& turns, std::size_t max_turns, std::size_t max_characters) {
  Turns kept;
  for (const Turn& said : turns | std::views::reverse) {
    if (kept.size() == max_turns) break;
    if (!text::validate_utf8(said.text())) continue;
    const std::string normal = text::normalize(said.text());
    if (!normal.empty()) kept.push_back(turn(said.role(), first_code_points(normal, max_characters)));
  }
  std::ranges::reverse(kept);
  return kept;
}

bool refers_back(std::string_view question) {
  const std::string lower = lower_ascii(question);
  const auto holds = [&](std::string_view part) { return lower.find(part) != std::string::npos; };
  const auto opens = [&](std::string_view part) { return lower.starts_with(part); };
  return std::ranges::any_of(kChinesePointers, holds) || std::ranges::any_of(kChineseOpenings, opens) ||
         std::ranges::any_of(kEnglishOpenings, opens) || without_end_marks(lower).ends_with("呢") ||
         std::ranges::any_of(kEnglishPointers,
                             [&](std::string_view word) { return holds_word(lower, word); });
}

std::string joined_with_last(const Turns& turns, std::string_view question) {
  for (const Turn& said : turns | std::views::reverse) {
    if (said.role() == Turn::ROLE_CUSTOMER) return fmt::format("{} {}", said.text(), question);
  }
  return std::string(question);
}

}  // namespace kefu::answer
