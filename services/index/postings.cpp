#include "postings.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace kefu::index {
namespace {

constexpr std::uint16_t kLongest = std::numeric_limits<std::uint16_t>::max();

}  // namespace

TermKey term_key(std::string_view term) {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a, and the mixing of MurmurHash3 for its weak high bits
  for (const char c : term) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccd;
  hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53;
  return hash ^ (hash >> 33);
}

void Postings::add(TermKey term, std::uint32_t row, std::uint32_t frequency) {
  const auto window = static_cast<std::uint16_t>(row / kWindowRows);
  const bool is_new = terms_.empty() || terms_.back() != term;
  if (is_new) {
    terms_.push_back(term);
    first_blocks_.push_back(static_cast<std::uint32_t>(blocks_.size()));
  }
  if (is_new || blocks_.back().window != window) {
    blocks_.push_back({.first = static_cast<std::uint32_t>(postings_.size()),
                       .window = window,
                       .highest = 0,
                       .shortest = {kLongest, kLongest, kLongest}});
  }
  const std::uint32_t kept = std::min(frequency, kMostFrequency);
  Block& block = blocks_.back();
  block.highest = std::max(block.highest, static_cast<std::uint8_t>(kept));
  std::uint16_t& shortest = block.shortest[std::min(kept, 3U) - 1];
  shortest = static_cast<std::uint16_t>(std::min<std::uint32_t>(shortest, lengths_[row]));
  postings_.push_back(static_cast<std::uint16_t>(((row % kWindowRows) << kFrequencyBits) | kept));
}

void Postings::finish() {
  first_blocks_.push_back(static_cast<std::uint32_t>(blocks_.size()));
  blocks_.push_back(
      {.first = static_cast<std::uint32_t>(postings_.size()), .window = 0, .highest = 0, .shortest = {}});
  terms_.shrink_to_fit();
  first_blocks_.shrink_to_fit();
  blocks_.shrink_to_fit();
  postings_.shrink_to_fit();
  lengths_.shrink_to_fit();
}

Postings Postings::build(std::span<const std::vector<std::string>> terms_of_rows) {
  std::vector<std::pair<TermKey, std::uint32_t>> occurrences;
  Postings result;
  for (std::uint32_t row = 0; row < terms_of_rows.size(); ++row) {
    result.lengths_.push_back(static_cast<std::uint32_t>(terms_of_rows[row].size()));
    for (const std::string& term : terms_of_rows[row]) occurrences.emplace_back(term_key(term), row);
  }
  std::ranges::sort(occurrences);
  for (std::size_t i = 0; i < occurrences.size();) {
    std::size_t end = i;
    while (end < occurrences.size() && occurrences[end] == occurrences[i]) ++end;
    result.add(occurrences[i].first, occurrences[i].second, static_cast<std::uint32_t>(end - i));
    i = end;
  }
  result.finish();
  return result;
}

Postings Postings::merge(std::span<const Source> sources) {
  Postings result;
  std::vector<std::tuple<TermKey, std::uint32_t, std::uint32_t>> terms;  // term, source, its number there
  for (std::uint32_t s = 0; s < sources.size(); ++s) {
    const Postings& source = *sources[s].postings;
    for (std::uint32_t t = 0; t < source.terms_.size(); ++t) terms.emplace_back(source.terms_[t], s, t);
    for (std::size_t row = 0; row < source.lengths_.size(); ++row) {
      if (sources[s].new_rows[row] != kDropped) result.lengths_.push_back(source.lengths_[row]);
    }
  }
  std::ranges::sort(terms);
  for (const auto& [key, s, term] : terms) {
    const Postings& source = *sources[s].postings;
    for (const Block& block : source.blocks(term)) {
      for (const std::uint16_t posting : source.postings(block)) {
        const std::uint32_t row = sources[s].new_rows[block.window * kWindowRows + row_of(posting)];
        if (row != kDropped) result.add(key, row, frequency_of(posting));
      }
    }
  }
  result.finish();
  return result;
}

std::uint32_t Postings::find(TermKey term) const {
  const auto found = std::ranges::lower_bound(terms_, term);
  if (found == terms_.end() || *found != term) return kNoTerm;
  return static_cast<std::uint32_t>(found - terms_.begin());
}

std::span<const Postings::Block> Postings::blocks(std::uint32_t term) const {
  return std::span(blocks_).subspan(first_blocks_[term], first_blocks_[term + 1] - first_blocks_[term]);
}

std::span<const std::uint16_t> Postings::postings(const Block& block) const {
  const Block& next = *(&block + 1);  // blocks_ has one more than there are
  return std::span(postings_).subspan(block.first, next.first - block.first);
}

std::uint32_t Postings::holders(std::uint32_t term) const {
  return blocks_[first_blocks_[term + 1]].first - blocks_[first_blocks_[term]].first;
}

std::vector<std::uint32_t> Postings::count_holders(const std::vector<bool>& rows) const {
  std::vector<std::uint32_t> counts(terms_.size(), 0);
  for (std::uint32_t term = 0; term < terms_.size(); ++term) {
    for (const Block& block : blocks(term)) {
      for (const std::uint16_t posting : postings(block)) {
        counts[term] += rows[block.window * kWindowRows + row_of(posting)] ? 1 : 0;
      }
    }
  }
  return counts;
}

std::uint32_t Postings::frequency(std::uint32_t term, std::uint32_t first, std::uint32_t end) const {
  const auto all = blocks(term);
  std::uint32_t sum = 0;
  for (auto block = std::ranges::lower_bound(all, first / kWindowRows, {}, &Block::window);
       block != all.end() && block->window * kWindowRows < end; ++block) {
    const std::uint32_t begin = block->window * kWindowRows;
    const auto held = postings(*block);
    for (auto posting = std::ranges::lower_bound(held, first > begin ? first - begin : 0, {}, row_of);
         posting != held.end() && begin + row_of(*posting) < end; ++posting) {
      sum += frequency_of(*posting);
    }
  }
  return sum;
}

std::size_t Postings::bytes() const {
  return terms_.size() * sizeof(TermKey) + (first_blocks_.size() + lengths_.size()) * sizeof(std::uint32_t) +
         blocks_.size() * sizeof(Block) + postings_.size() * sizeof(std::uint16_t);
}

}  // namespace kefu::index
