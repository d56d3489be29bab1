#include "conversation.hpp"

#include "code_points.hpp"

#include <kefu/text/normalize.hpp>
#include <kefu/text/segment.hpp>
#include <kefu/text/utf8.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <ranges>

namespace kefu::answer {
namespace {

using kefu::v1::Turn;

/// Five Chinese characters, or four English words. A longer question says what it is about, and together with
/// the last one it would find what answers the last one.
constexpr std::size_t kTermsOfAFragment = 4;

// In Simplified Chinese: questions are folded before they are compared.
constexpr std::array<std::string_view, 14> kChinesePointers{"它",   "这个", "那个", "这款", "那款",
                                                            "这种", "那种", "这样", "那样", "这些",
                                                            "那些", "上面", "刚才", "前面"};
constexpr std::array<std::string_view, 4> kChineseOpenings{"那", "还有", "另外", "然后"};
constexpr std::array<std::string_view, 12> kEnglishPointers{
    "it", "its", "that", "this", "those", "these", "they", "their", "them", "one", "ones", "there"};
constexpr std::array<std::string_view, 5> kEnglishOpenings{"and ", "what about ", "how about ", "then ",
                                                           "or "};

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
  const std::string folded = text::fold_for_matching(question);
  const auto holds = [&](std::string_view part) { return folded.contains(part); };
  const auto opens = [&](std::string_view part) { return folded.starts_with(part); };
  return std::ranges::any_of(kChinesePointers, holds) || std::ranges::any_of(kChineseOpenings, opens) ||
         std::ranges::any_of(kEnglishOpenings, opens) || folded.ends_with("呢") ||
         std::ranges::any_of(kEnglishPointers,
                             [&](std::string_view word) { return holds_word(folded, word); });
}

bool leaves_words_out(std::string_view question) {
  return text::lexical_terms(question).size() <= kTermsOfAFragment;
}

std::string joined_with_last(const Turns& turns, std::string_view question) {
  for (const Turn& said : turns | std::views::reverse) {
    if (said.role() == Turn::ROLE_CUSTOMER) return fmt::format("{} {}", said.text(), question);
  }
  return std::string(question);
}

}  // namespace kefu::answer
