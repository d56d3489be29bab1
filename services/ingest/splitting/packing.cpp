#include "packing.hpp"

#include <algorithm>
#include <span>

namespace kefu::ingest {
namespace {

class Packer {
 public:
  Packer(const Section& section, PackLimits limits)
      : units_(section.units),
        target_(room(std::min(limits.target, limits.hard), section)),
        hard_(room(limits.hard, section)),
        overlap_(std::min(limits.overlap, target_ / 2)),
        heading_(section.heading_tokens) {}

  std::vector<PackedText> pack() {
    for (std::size_t i = 0; i < units_.size(); ++i) {
      if (begins_paragraph(i) && should_close_before(paragraph_tokens(i))) close(i, paragraph_tokens(i));
      if (tokens_ > 0 && tokens_ + units_[i].tokens > ceiling(i)) close(i, units_[i].tokens);
      add(i);
    }
    close(units_.size(), 0);
    return std::move(texts_);
  }

 private:
  static std::uint32_t room(std::uint32_t limit, const Section& section) {
    return limit > section.heading_tokens + 1 ? limit - section.heading_tokens : 1;
  }

  bool begins_paragraph(std::size_t i) const {
    return i > 0 && units_[i].paragraph != units_[i - 1].paragraph;
  }

  std::uint32_t paragraph_tokens(std::size_t i) const {
    std::uint32_t sum = 0;
    for (std::size_t j = i; j < units_.size() && units_[j].paragraph == units_[i].paragraph; ++j) {
      sum += units_[j].tokens;
      if (sum > hard_) break;
    }
    return sum;
  }

  /// A few words that lead to what follows ("It takes:") are no passage of their own.
  bool is_lead_in() const { return tokens_ < target_ / 4; }

  /// A paragraph that fits a passage of its own is not torn to fill up this one.
  bool should_close_before(std::uint32_t paragraph) const {
    if (tokens_ == 0 || tokens_ + paragraph <= target_) return false;
    return is_lead_in() ? tokens_ + paragraph > hard_ : paragraph <= target_;
  }

  /// What the passage may hold when unit `i` is added to it.
  std::uint32_t ceiling(std::size_t i) const {
    return is_lead_in() && (units_[i].kind != Unit::Kind::sentence || begins_paragraph(i)) ? hard_ : target_;
  }

  void add(std::size_t i) {
    if (!text_.empty()) text_ += units_[i].glue;
    text_ += units_[i].text;
    tokens_ += units_[i].tokens;
  }

  /// Ends the passage; the next one, if any, begins with the end of this one before unit `next`.
  void close(std::size_t next, std::uint32_t coming) {
    if (tokens_ == 0) return;
    texts_.push_back({std::move(text_), tokens_ + heading_});
    text_.clear();
    tokens_ = 0;
    if (next == units_.size()) return;
    std::size_t from = next;
    std::uint32_t repeated = 0;
    while (from > first_ + 1 && units_[from - 1].kind == Unit::Kind::sentence &&
           repeated + units_[from - 1].tokens <= overlap_) {
      repeated += units_[--from].tokens;
    }
    if (repeated + coming > target_) from = next;
    first_ = from;
    for (; from < next; ++from) add(from);
  }

  std::span<const Unit> units_;
  std::uint32_t target_;
  std::uint32_t hard_;
  std::uint32_t overlap_;
  std::uint32_t heading_;

  std::vector<PackedText> texts_;
  std::string text_;  // of the passage that is open
  std::uint32_t tokens_ = 0;
  std::size_t first_ = 0;  // its first unit
};

}  // namespace

std::vector<PackedText> pack(const Section& section, PackLimits limits) {
  return Packer(section, limits).pack();
}

}  // namespace kefu::ingest
