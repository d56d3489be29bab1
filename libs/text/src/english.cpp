#include "english.hpp"

#include <string_view>

namespace kefu::text {
namespace {

constexpr std::size_t kShortestStem = 3;

bool has_vowel(std::string_view stem) { return stem.find_first_of("aeiouy") != std::string_view::npos; }

void cut_plural(std::string& word) {
  const std::string_view view = word;
  if (view.ends_with("ies") && view.size() > 4) {
    word.replace(word.size() - 3, 3, "y");
  } else if (view.ends_with("sses") || view.ends_with("xes") || view.ends_with("ches") ||
             view.ends_with("shes") || view.ends_with("zzes")) {
    word.resize(word.size() - 2);
  } else if (view.ends_with('s') && !view.ends_with("ss") && !view.ends_with("us") && !view.ends_with("is")) {
    word.pop_back();
  }
}

void cut_verb_ending(std::string& word) {
  const std::string_view view = word;
  if (view.ends_with("ied") && view.size() > 4) {
    word.replace(word.size() - 3, 3, "y");
    return;
  }
  if (view.ends_with("eed")) {
    if (view.size() > 5) word.pop_back();
    return;
  }
  for (const std::string_view ending : {"ing", "ed"}) {
    const std::string_view stem = view.substr(0, view.size() - std::min(view.size(), ending.size()));
    if (view.ends_with(ending) && stem.size() >= kShortestStem && has_vowel(stem)) {
      word.resize(stem.size());
      return;
    }
  }
}

/// "ship" from "shipp(ing)" and "siz" from "size" as from "siz(ing)": done to every word, so that all forms
/// meet.
void even_out(std::string& word) {
  if (word.size() > kShortestStem && word.back() == 'e') word.pop_back();
  const std::size_t n = word.size();
  const bool doubled = n > kShortestStem && word[n - 1] == word[n - 2];
  if (doubled && !has_vowel(word.substr(n - 1))) word.pop_back();
}

}  // namespace

void cut_english_ending(std::string& word) {
  if (word.size() <= kShortestStem) return;
  cut_plural(word);
  cut_verb_ending(word);
  even_out(word);
}

}  // namespace kefu::text
