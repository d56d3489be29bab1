#include "lexical_search.hpp"

#include <kefu/text/segment.hpp>

#include <algorithm>

namespace kefu::index {
namespace {

std::vector<TermKey> distinct_terms(std::string_view question) {
  std::vector<TermKey> keys;
  for (const std::string& term : text::lexical_terms(question)) keys.push_back(term_key(term));
  std::ranges::sort(keys);
  const auto repeated = std::ranges::unique(keys);
  keys.erase(repeated.begin(), repeated.end());
  return keys;
}

double average(std::uint64_t sum, std::uint64_t count) {
  return count == 0 ? 0 : static_cast<double>(sum) / static_cast<double>(count);
}

}  // namespace

LexicalSearch::LexicalSearch(const Snapshot& snapshot, const RowFilter& filter, std::string_view question)
    : snapshot_(&snapshot),
      filter_(&filter),
      of_passages_(average(snapshot.length, snapshot.size.passages)),
      of_units_(average(snapshot.length, snapshot.units)),
      held_(snapshot.segments.size()) {
  std::vector<std::uint32_t> numbers(held_.size());
  for (const TermKey key : distinct_terms(question)) {
    std::uint64_t holders = 0;
    for (std::size_t s = 0; s < held_.size(); ++s) {
      const LiveSegment& live = snapshot.segments[s];
      numbers[s] = live.segment->postings().find(key);
      if (numbers[s] == Postings::kNoTerm) continue;
      holders +=
          live.segment->postings().holders(numbers[s]) - (live.dead ? live.dead->holders[numbers[s]] : 0);
    }
    const double rarity = Bm25::rarity(snapshot.size.passages, holders);
    terms_.push_back({key, rarity});
    rarities_ += rarity;
    for (std::size_t s = 0; s < held_.size(); ++s)
      if (numbers[s] != Postings::kNoTerm) held_[s].push_back({numbers[s], rarity});
  }
}

std::vector<Scored> LexicalSearch::best(std::size_t count) const {
  return best_by_terms(*snapshot_, *filter_, of_passages_, held_, count);
}

LexicalSearch::Scores LexicalSearch::scores(std::uint32_t segment, RowRange rows) const {
  const Segment& source = *snapshot_->segments[segment].segment;
  const auto length = static_cast<std::uint32_t>(source.length(rows));
  Points as_passage = 0;
  Points as_unit = 0;
  for (const HeldTerm& held : held_[segment]) {
    const std::uint32_t frequency = source.postings().frequency(held.term, rows.first, rows.end());
    if (frequency == 0) continue;
    as_passage += of_passages_.gain(held.rarity, frequency, length);
    as_unit += of_units_.gain(held.rarity, frequency, length);
  }
  return {score_of(as_passage), score_of(as_unit)};
}

float LexicalSearch::coverage(const Entry& entry) const {
  double held = 0;
  auto left = entry.held_terms.begin();  // what is before it is below every term that is still to come
  for (const Term& term : terms_) {
    left = std::lower_bound(left, entry.held_terms.end(), short_key(term.key));
    if (left == entry.held_terms.end()) break;
    if (*left == short_key(term.key)) held += term.rarity;
  }
  return rarities_ > 0 ? static_cast<float>(held / rarities_) : 0.0F;
}

}  // namespace kefu::index
