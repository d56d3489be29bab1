#include "max_score.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace kefu::index {
namespace {

/// One term in one window.
struct Part {
  const Postings::Block* block;
  double rarity;
  Points most;  ///< what it adds to any row
};

/// Rows of a segment that are looked at together, with the terms that any of them hold.
struct Window {
  std::uint32_t segment;
  std::uint32_t first_row;
  std::size_t first_part;
  std::size_t parts;
  Points most;
};

class Search {
 public:
  Search(const Snapshot& snapshot, const RowFilter& filter, const Bm25& bm25, std::size_t count)
      : snapshot_(snapshot), filter_(filter), bm25_(bm25), top_(snapshot, count) {}

  void add_segment(std::uint32_t segment, const std::vector<HeldTerm>& terms);
  std::vector<Scored> run();

 private:
  const Postings& postings(const Window& window) const {
    return snapshot_.segments[window.segment].segment->postings();
  }
  bool may_enter(Points most) const { return top_.may_enter(score_of(most)); }
  void scan(const Window& window);
  void add_up(const Window& window, const Part& part);
  void finish_row(const Window& window, std::span<const Part> common, std::uint32_t row);

  const Snapshot& snapshot_;
  const RowFilter& filter_;
  const Bm25& bm25_;
  TopList top_;
  std::vector<Part> parts_;  // by window
  std::vector<Window> windows_;

  // Of the window that is being scanned.
  static constexpr std::size_t kWordBits = 64;
  std::array<Points, Postings::kWindowRows> sums_{};
  std::array<std::uint64_t, Postings::kWindowRows / kWordBits> touched_{};
  std::vector<Points> most_of_common_;  // of the first terms together
};

void Search::add_segment(std::uint32_t segment, const std::vector<HeldTerm>& terms) {
  const Segment& source = *snapshot_.segments[segment].segment;
  std::vector<std::size_t> ends(source.rows() / Postings::kWindowRows + 1, 0);  // of the parts, by window
  for (const HeldTerm& held : terms) {
    for (const Postings::Block& block : source.postings().blocks(held.term)) ++ends[block.window];
  }
  std::size_t end = parts_.size();
  const std::size_t first_window = windows_.size();
  for (std::size_t w = 0; w < ends.size(); ++w) {
    windows_.push_back({.segment = segment,
                        .first_row = static_cast<std::uint32_t>(w * Postings::kWindowRows),
                        .first_part = end,
                        .parts = 0,
                        .most = 0});
    end += ends[w];
  }
  parts_.resize(end);
  for (const HeldTerm& held : terms) {
    for (const Postings::Block& block : source.postings().blocks(held.term)) {
      Window& window = windows_[first_window + block.window];
      const Points most = bm25_.most(held.rarity, block);
      parts_[window.first_part + window.parts++] = {&block, held.rarity, most};
      window.most += most;
    }
  }
}

std::vector<Scored> Search::run() {
  std::ranges::sort(windows_, std::ranges::greater{}, &Window::most);
  for (const Window& window : windows_) {
    if (window.parts == 0 || !may_enter(window.most)) break;
    scan(window);
  }
  return top_.take_best_first();
}

void Search::scan(const Window& window) {
  const std::span<Part> parts = std::span(parts_).subspan(window.first_part, window.parts);
  std::ranges::sort(parts, {}, &Part::most);
  // Rows that hold none but the first terms cannot be among the best: these are the common ones.
  most_of_common_.clear();
  Points most = 0;
  for (const Part& part : parts) {
    most += part.most;
    if (may_enter(most)) break;
    most_of_common_.push_back(most);
  }
  const auto common = parts.first(most_of_common_.size());
  for (const Part& part : parts.subspan(common.size())) add_up(window, part);
  for (std::size_t w = 0; w < touched_.size(); ++w) {
    for (std::uint64_t bits = std::exchange(touched_[w], 0); bits != 0; bits &= bits - 1) {
      finish_row(
          window, common,
          static_cast<std::uint32_t>(w * kWordBits) + static_cast<std::uint32_t>(std::countr_zero(bits)));
    }
  }
}

void Search::add_up(const Window& window, const Part& part) {
  const Postings& source = postings(window);
  for (const std::uint16_t posting : source.postings(*part.block)) {
    const std::uint32_t row = Postings::row_of(posting);
    sums_[row] +=
        bm25_.gain(part.rarity, Postings::frequency_of(posting), source.length(window.first_row + row));
    touched_[row / kWordBits] |= std::uint64_t{1} << (row % kWordBits);
  }
}

/// Adds what the common terms give to a row, while it may still be among the best.
void Search::finish_row(const Window& window, std::span<const Part> common, std::uint32_t row) {
  const Postings& source = postings(window);
  Points sum = std::exchange(sums_[row], 0);
  for (std::size_t i = common.size(); i-- > 0;) {
    if (!may_enter(sum + most_of_common_[i])) return;
    const auto held = source.postings(*common[i].block);
    const auto found = std::ranges::lower_bound(held, row, {}, Postings::row_of);
    if (found == held.end() || Postings::row_of(*found) != row) continue;
    sum +=
        bm25_.gain(common[i].rarity, Postings::frequency_of(*found), source.length(window.first_row + row));
  }
  const Scored candidate{window.segment, window.first_row + row, score_of(sum)};
  if (top_.may_enter(candidate.score) && filter_.admits(candidate.segment, candidate.row))
    top_.offer(candidate);
}

}  // namespace

std::vector<Scored> best_by_terms(const Snapshot& snapshot, const RowFilter& filter, const Bm25& bm25,
                                  std::span<const std::vector<HeldTerm>> terms, std::size_t count) {
  Search search(snapshot, filter, bm25, count);
  for (std::uint32_t s = 0; s < terms.size(); ++s) {
    if (!terms[s].empty()) search.add_segment(s, terms[s]);
  }
  return search.run();
}

}  // namespace kefu::index
