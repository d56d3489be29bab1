#include "postings.hpp"

#include <algorithm>
#include <tuple>

namespace kefu::index {

void Postings::add_term(std::string_view term) {
  if (!terms_.empty() && terms_.back() == term) return;
  terms_.emplace_back(term);
  ends_.push_back(static_cast<std::uint32_t>(postings_.size()));
}

Postings Postings::build(std::span<const std::vector<std::string>> terms_of_rows) {
  std::vector<std::pair<std::string_view, std::uint32_t>> occurrences;
  Postings result;
  for (std::uint32_t row = 0; row < terms_of_rows.size(); ++row) {
    result.lengths_.push_back(static_cast<std::uint32_t>(terms_of_rows[row].size()));
    for (const std::string& term : terms_of_rows[row]) occurrences.emplace_back(term, row);
  }
  std::ranges::sort(occurrences);
  for (std::size_t i = 0; i < occurrences.size();) {
    std::size_t end = i;
    while (end < occurrences.size() && occurrences[end] == occurrences[i]) ++end;
    result.add_term(occurrences[i].first);
    result.postings_.push_back({occurrences[i].second, static_cast<std::uint32_t>(end - i)});
    result.ends_.back() = static_cast<std::uint32_t>(result.postings_.size());
    i = end;
  }
  return result;
}

Postings Postings::merge(std::span<const Source> sources) {
  Postings result;
  std::vector<std::tuple<std::string_view, std::uint32_t, std::uint32_t>>
      terms;  // term, source, its index there
  for (std::uint32_t s = 0; s < sources.size(); ++s) {
    const Postings& postings = *sources[s].postings;
    for (std::uint32_t t = 0; t < postings.terms_.size(); ++t) terms.emplace_back(postings.terms_[t], s, t);
    for (std::size_t row = 0; row < postings.lengths_.size(); ++row) {
      if (sources[s].new_rows[row] != kDropped) result.lengths_.push_back(postings.lengths_[row]);
    }
  }
  std::ranges::sort(terms);
  for (const auto& [term, s, t] : terms) {
    const Postings& postings = *sources[s].postings;
    for (std::uint32_t i = t == 0 ? 0 : postings.ends_[t - 1]; i < postings.ends_[t]; ++i) {
      const Posting& posting = postings.postings_[i];
      const std::uint32_t row = sources[s].new_rows[posting.row];
      if (row == kDropped) continue;
      result.add_term(term);
      result.postings_.push_back({row, posting.frequency});
      result.ends_.back() = static_cast<std::uint32_t>(result.postings_.size());
    }
  }
  return result;
}

std::span<const Postings::Posting> Postings::find(std::string_view term) const {
  const auto found = std::ranges::lower_bound(terms_, term);
  if (found == terms_.end() || *found != term) return {};
  const auto index = static_cast<std::size_t>(found - terms_.begin());
  const std::size_t begin = index == 0 ? 0 : ends_[index - 1];
  return std::span(postings_).subspan(begin, ends_[index] - begin);
}

}  // namespace kefu::index
