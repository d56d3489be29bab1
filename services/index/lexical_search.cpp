#include "lexical_search.hpp"

#include <kefu/text/segment.hpp>

#include <algorithm>
#include <cmath>

namespace kefu::index {
namespace {

constexpr double kSaturation = 1.2;         // k1: how soon repetitions stop counting
constexpr double kLengthCorrection = 0.75;  // b

std::vector<std::string> distinct_terms(std::string_view question) {
  std::vector<std::string> terms = text::lexical_terms(question);
  std::ranges::sort(terms);
  const auto repeated = std::ranges::unique(terms);
  terms.erase(repeated.begin(), repeated.end());
  return terms;
}

}  // namespace

LexicalSearch::LexicalSearch(const Snapshot& snapshot, std::string_view question) : board_(snapshot) {
  for (const std::string& term : distinct_terms(question)) {
    const double weight = rarity(snapshot, term);
    terms_.push_back({term_hash(term), weight});
    add(snapshot, term, weight);
  }
}

double LexicalSearch::rarity(const Snapshot& snapshot, std::string_view term) const {
  std::uint64_t holders = 0;
  for (const LiveSegment& live : snapshot.segments) {
    const auto postings = live.segment->postings().find(term);
    holders += static_cast<std::uint64_t>(
        live.dead ? std::ranges::count_if(postings, [&](const auto& p) { return live.alive(p.row); })
                  : static_cast<std::ptrdiff_t>(postings.size()));
  }
  const auto n = static_cast<double>(snapshot.size.passages);
  const auto df = static_cast<double>(holders);
  return std::log(1 + (n - df + 0.5) / (df + 0.5));
}

void LexicalSearch::add(const Snapshot& snapshot, std::string_view term, double rarity) {
  const double average =
      std::max(1.0, static_cast<double>(snapshot.length) /
                        static_cast<double>(std::max<std::uint64_t>(1, snapshot.size.passages)));
  for (std::uint32_t s = 0; s < snapshot.segments.size(); ++s) {
    const Postings& postings = snapshot.segments[s].segment->postings();
    const auto found = postings.find(term);
    if (found.empty()) continue;
    std::vector<float>& scores = board_.of_segment(s);
    for (const auto& [row, frequency] : found) {
      const double tf = frequency;
      const double length = postings.length(row) / average;
      const double gain = rarity * tf * (kSaturation + 1) /
                          (tf + kSaturation * (1 - kLengthCorrection + kLengthCorrection * length));
      scores[row] = (scores[row] == ScoreBoard::kNone ? 0.0F : scores[row]) + static_cast<float>(gain);
    }
  }
}

float LexicalSearch::score(std::uint32_t segment, std::uint32_t row) const {
  const float score = board_.of(segment, row);
  return score == ScoreBoard::kNone ? 0.0F : score;
}

float LexicalSearch::coverage(const Entry& entry) const {
  double held = 0;
  double all = 0;
  for (const Term& term : terms_) {
    all += term.rarity;
    if (std::ranges::binary_search(entry.held_terms, term.hash)) held += term.rarity;
  }
  return all > 0 ? static_cast<float>(held / all) : 0.0F;
}

}  // namespace kefu::index
