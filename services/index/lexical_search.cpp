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
    for (std::size_t s = 0; s < held_.size(); ++s)
      if (numbers[s] != Postings::kNoTerm) held_[s].push_back({numbers[s], rarity});
  }
}

std::vector<Scored> LexicalSearch::best(std::size_t count) const {
  return best_by_terms(*snapshot_, *filter_, of_passages_, held_, count);
}

float LexicalSearch::score(std::uint32_t segment, std::uint32_t row) const {
  const Postings& postings = snapshot_->segments[segment].segment->postings();
  Points sum = 0;
  for (const HeldTerm& held : held_[segment]) {
    const std::uint32_t frequency = postings.frequency(held.term, row, row + 1);
    if (frequency != 0) sum += of_passages_.gain(held.rarity, frequency, postings.length(row));
  }
  return score_of(sum);
}

float LexicalSearch::score_of_unit(std::uint32_t segment, std::uint32_t row) const {
  const Segment& source = *snapshot_->segments[segment].segment;
  const RowRange unit = source.unit_of(row);
  const auto length = static_cast<std::uint32_t>(source.length(unit));
  Points sum = 0;
  for (const HeldTerm& held : held_[segment]) {
    const std::uint32_t frequency = source.postings().frequency(held.term, unit.first, unit.end());
    if (frequency != 0) sum += of_units_.gain(held.rarity, frequency, length);
  }
  return score_of(sum);
}

float LexicalSearch::coverage(const Entry& entry) const {
  double held = 0;
  double all = 0;
  for (const Term& term : terms_) {
    all += term.rarity;
    if (std::ranges::binary_search(entry.held_terms, short_key(term.key))) held += term.rarity;
  }
  return all > 0 ? static_cast<float>(held / all) : 0.0F;
}

}  // namespace kefu::index
