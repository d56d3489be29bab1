#include "extract.hpp"

#include <kefu/text/segment.hpp>
#include <kefu/text/utf8.hpp>

#include <algorithm>
#include <unordered_set>
#include <vector>

namespace kefu::answer {
namespace {

struct Sentence {
  std::string_view text;
  std::size_t characters;
  std::unordered_set<std::string> terms;  ///< those of the question that it holds
};

/// A run of sentences.
struct Run {
  std::size_t first = 0;
  std::size_t last = 0;  ///< included
  std::size_t terms = 0;
  std::size_t characters = 0;

  bool better_than(const Run& other) const {
    return terms != other.terms ? terms > other.terms : characters < other.characters;
  }
};

std::vector<Sentence> read(std::string_view question, std::string_view passage) {
  const std::vector<std::string> terms = text::lexical_terms(question);
  const std::unordered_set<std::string> asked(terms.begin(), terms.end());
  std::vector<Sentence> sentences;
  for (const std::string_view part : text::sentences(passage)) {
    Sentence sentence{part, text::count_code_points(part), {}};
    for (std::string& term : text::lexical_terms(part)) {
      if (asked.contains(term)) sentence.terms.insert(std::move(term));
    }
    sentences.push_back(std::move(sentence));
  }
  return sentences;
}

Run best_run(const std::vector<Sentence>& sentences, std::size_t max_characters) {
  Run best{0, 0, sentences[0].terms.size(), sentences[0].characters};
  for (std::size_t first = 0; first < sentences.size(); ++first) {
    Run run{first, first, 0, 0};
    std::unordered_set<std::string> held;
    for (std::size_t last = first; last < sentences.size(); ++last) {
      run.characters += sentences[last].characters;
      if (last > first && run.characters > max_characters) break;
      held.insert(sentences[last].terms.begin(), sentences[last].terms.end());
      run.last = last;
      run.terms = held.size();
      if (run.better_than(best)) best = run;
    }
  }
  return best;
}

std::string_view without_trailing_space(std::string_view text) {
  constexpr std::string_view kIdeographicSpace = "\u3000";
  while (!text.empty()) {
    if (text.ends_with(kIdeographicSpace)) {
      text.remove_suffix(kIdeographicSpace.size());
    } else if (std::string_view(" \t\r\n").contains(text.back())) {
      text.remove_suffix(1);
    } else {
      break;
    }
  }
  return text;
}

std::string_view without_leading_space(std::string_view text) {
  constexpr std::string_view kIdeographicSpace = "\u3000";
  while (!text.empty()) {
    if (text.starts_with(kIdeographicSpace)) {
      text.remove_prefix(kIdeographicSpace.size());
    } else if (std::string_view(" \t\r\n").contains(text.front())) {
      text.remove_prefix(1);
    } else {
      break;
    }
  }
  return text;
}

bool announces_more(std::string_view sentence) {
  const std::string_view text = without_trailing_space(sentence);
  return std::ranges::any_of(std::initializer_list<std::string_view>{"?", "？", ":", "："},
                             [&](std::string_view mark) { return text.ends_with(mark); });
}

/// Adds the sentence behind the run, even over the limit, and those after it while there is room.
void extend(Run& run, const std::vector<Sentence>& sentences, std::size_t max_characters) {
  for (bool first = true; run.last + 1 < sentences.size(); first = false) {
    const std::size_t characters = sentences[run.last + 1].characters;
    if (!first && run.characters + characters > max_characters) return;
    run.characters += characters;
    ++run.last;
  }
}

/// As many sentences from the beginning as fit, at least one.
Run beginning(const std::vector<Sentence>& sentences, std::size_t max_characters) {
  Run run{0, 0, 0, sentences[0].characters};
  while (run.last + 1 < sentences.size() &&
         run.characters + sentences[run.last + 1].characters <= max_characters)
    run.characters += sentences[++run.last].characters;
  return run;
}

Extract part_of(std::string_view passage, std::string_view part) {
  const std::string_view text = without_leading_space(without_trailing_space(part));
  const auto offset = static_cast<std::size_t>(text.data() - passage.data());
  const std::size_t begin = text::count_code_points(passage.substr(0, offset));
  return {std::string(text), begin, begin + text::count_code_points(text)};
}

}  // namespace

Extract extract_answer(std::string_view question, std::string_view passage, std::size_t max_characters) {
  if (text::count_code_points(passage) <= max_characters) return part_of(passage, passage);
  const std::vector<Sentence> sentences = read(question, passage);
  if (sentences.empty()) return part_of(passage, passage);
  Run run = best_run(sentences, max_characters);
  if (run.terms == 0) run = beginning(sentences, max_characters);
  if (announces_more(sentences[run.last].text)) extend(run, sentences, max_characters);
  const char* begin = sentences[run.first].text.data();
  const std::string_view last = sentences[run.last].text;
  return part_of(passage, {begin, static_cast<std::size_t>(last.data() + last.size() - begin)});
}

}  // namespace kefu::answer
