#include "segment.hpp"

#include <kefu/text/segment.hpp>

#include <algorithm>
#include <utility>

namespace kefu::index {
namespace {

/// What the lexical index finds a passage by. A title that merely repeats the text would count twice.
std::vector<std::string> indexed_terms(const kefu::v1::Passage& passage) {
  std::string text = passage.text();
  for (const std::string* more : {&passage.heading(), &passage.title()}) {
    if (!more->empty() && *more != passage.text()) text.append("\n").append(*more);
  }
  return text::lexical_terms(text);
}

std::vector<std::uint32_t> held_terms(const kefu::v1::Passage& passage) {
  std::vector<std::uint32_t> hashes;
  const std::string text = passage.text() + "\n" + passage.heading() + "\n" + passage.answer();
  for (const std::string& term : text::lexical_terms(text)) hashes.push_back(short_key(term_key(term)));
  std::ranges::sort(hashes);
  const auto repeated = std::ranges::unique(hashes);
  hashes.erase(repeated.begin(), repeated.end());
  hashes.shrink_to_fit();
  return hashes;
}

bool of_one_unit(const kefu::v1::Passage& a, const kefu::v1::Passage& b) {
  return a.kind() == b.kind() && a.row() == b.row() && a.document_id() == b.document_id();
}

}  // namespace

std::shared_ptr<const Segment> Segment::build(std::shared_ptr<const DocumentName> document,
                                              std::string model_fingerprint,
                                              std::vector<IndexedPassage> passages) {
  const auto by_ordinal = [](const IndexedPassage& passage) { return passage.passage.ordinal(); };
  if (!std::ranges::is_sorted(passages, {}, by_ordinal)) std::ranges::sort(passages, {}, by_ordinal);
  auto segment = std::make_shared<Segment>();
  segment->model_fingerprint_ = std::move(model_fingerprint);
  segment->spans_.push_back({document, 0, static_cast<std::uint32_t>(passages.size())});
  segment->matrix_ = Int8Matrix(passages.empty() ? 0 : passages.front().vector.size());
  std::vector<std::vector<std::string>> terms;
  terms.reserve(passages.size());
  segment->reserve(passages.size());
  for (std::uint32_t row = 0; row < passages.size(); ++row) {
    if (row == 0 || !of_one_unit(passages[row - 1].passage, passages[row].passage))
      segment->unit_starts_.push_back(row);
  }
  for (IndexedPassage& passage : passages) {
    terms.push_back(indexed_terms(passage.passage));
    segment->matrix_.append(passage.vector);
    auto held = held_terms(passage.passage);
    segment->entries_.push_back(std::make_shared<const Entry>(
        Entry{document, std::move(passage.passage), std::move(passage.vector), std::move(held)}));
  }
  segment->postings_ = Postings::build(terms);
  return segment;
}

std::shared_ptr<const Segment> Segment::merge(std::span<const Source> sources) {
  auto merged = std::make_shared<Segment>();
  merged->model_fingerprint_ = sources.front().segment->model_fingerprint_;
  merged->matrix_ = Int8Matrix(sources.front().segment->dimensions());
  std::size_t rows = 0;
  for (const auto& [segment, dead] : sources)
    rows += dead == nullptr ? segment->rows() : static_cast<std::size_t>(std::ranges::count(*dead, false));
  merged->reserve(rows);
  std::vector<std::vector<std::uint32_t>> new_rows(sources.size());
  std::vector<Postings::Source> postings;
  for (std::size_t s = 0; s < sources.size(); ++s) {
    const auto& [segment, dead] = sources[s];
    new_rows[s].assign(segment->rows(), Postings::kDropped);
    for (const Span& span : segment->spans_) {
      if (dead != nullptr && (*dead)[span.first]) continue;
      merged->spans_.push_back({span.document, merged->rows(), span.count});
      for (auto start = std::ranges::lower_bound(segment->unit_starts_, span.first);
           start != segment->unit_starts_.end() && *start < span.first + span.count; ++start) {
        merged->unit_starts_.push_back(merged->rows() + (*start - span.first));
      }
      for (std::uint32_t row = span.first; row < span.first + span.count; ++row) {
        new_rows[s][row] = merged->rows();
        merged->entries_.push_back(segment->entries_[row]);
        merged->matrix_.append_row_of(segment->matrix_, row);
      }
    }
    postings.push_back({&segment->postings_, new_rows[s]});
  }
  merged->postings_ = Postings::merge(postings);
  return merged;
}

void Segment::reserve(std::size_t rows) {
  entries_.reserve(rows);
  matrix_.reserve(rows);
}

std::uint64_t Segment::length(RowRange rows) const {
  std::uint64_t total = 0;
  for (std::uint32_t row = rows.first; row < rows.end(); ++row) total += postings_.length(row);
  return total;
}

RowRange Segment::unit_of(std::uint32_t row) const {
  const auto next = std::ranges::upper_bound(unit_starts_, row);
  const std::uint32_t first = *(next - 1);
  return {first, (next == unit_starts_.end() ? rows() : *next) - first};
}

std::uint32_t Segment::count_units(RowRange rows) const {
  const auto first = std::ranges::lower_bound(unit_starts_, rows.first);
  return static_cast<std::uint32_t>(std::ranges::lower_bound(unit_starts_, rows.end()) - first);
}

}  // namespace kefu::index
