#include "collection.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_set>
#include <utility>

namespace kefu::index {
namespace {

constexpr std::size_t kMergeAtOnce = 8;
constexpr std::uint32_t kSmallestTier = 64;

/// Segments of one tier are of about the same size.
unsigned tier_of(std::uint32_t rows) {
  unsigned tier = 0;
  for (std::uint64_t limit = kSmallestTier; rows >= limit; limit *= kMergeAtOnce) ++tier;
  return tier;
}

/// Dead rows cost memory and time in every search; rewriting costs as much as the living rows.
bool worth_rewriting(const LiveSegment& live) {
  const std::uint32_t dead = live.segment->rows() - live.alive_rows;
  return dead > kSmallestTier && dead > live.alive_rows / 3;
}

LiveSegment whole(std::shared_ptr<const Segment> segment) {
  const std::uint32_t rows = segment->rows();
  const std::uint64_t length = segment->length({0, rows});
  const std::uint64_t units = segment->count_units({0, rows});
  return {std::move(segment), nullptr, rows, length, units};
}

std::uint64_t vector_bytes(const Segment& segment) {
  return segment.matrix().bytes() + std::uint64_t{segment.rows()} * segment.dimensions() * sizeof(float);
}

}  // namespace

Collection::Collection() : snapshot_(std::make_shared<const Snapshot>()) {}

std::shared_ptr<const Snapshot> Collection::snapshot() const {
  const std::scoped_lock lock(mutex_);
  return snapshot_;
}

void Collection::apply(std::vector<DocumentUpdate> updates) {
  Segments segments = snapshot()->segments;
  Marks marks;
  for (DocumentUpdate& update : updates) {
    remove(segments, update.key.document, marks);
    add(segments, std::move(update));
  }
  std::erase_if(segments, [](const LiveSegment& live) { return live.alive_rows == 0; });
  for (LiveSegment& live : segments) {
    const auto marked = marks.find(live.segment.get());
    if (marked == marks.end()) continue;
    // One pass over all postings, however many documents are replaced at once.
    auto holders = live.segment->postings().count_holders(marked->second);
    live.dead = std::make_shared<const DeadRows>(DeadRows{std::move(marked->second), std::move(holders)});
  }
  merge_where_due(segments);
  publish(std::move(segments));
}

void Collection::remove(Segments& segments, const std::string& document, Marks& marks) {
  const auto found = places_.find(document);
  if (found == places_.end()) return;
  for (const Place& place : found->second) {
    const auto live =
        std::ranges::find(segments, place.segment, [](const LiveSegment& s) { return s.segment.get(); });
    std::vector<bool>& dead = marks[place.segment];
    if (dead.empty()) dead = live->dead ? live->dead->rows : std::vector<bool>(place.segment->rows());
    std::fill_n(dead.begin() + place.rows.first, place.rows.count, true);
    live->alive_rows -= place.rows.count;
    live->alive_length -= place.segment->length(place.rows);
    live->alive_units -= place.segment->count_units(place.rows);
  }
  places_.erase(found);
}

void Collection::add(Segments& segments, DocumentUpdate update) {
  const auto name = std::make_shared<const DocumentName>(
      DocumentName{std::move(update.key.document), std::move(update.filename)});
  std::map<std::pair<std::string, std::size_t>, std::vector<IndexedPassage>> by_model;
  for (PassageGroup& group : update.groups) {
    for (IndexedPassage& passage : group.passages) {
      by_model[{group.model_fingerprint, passage.vector.size()}].push_back(std::move(passage));
    }
  }
  for (auto& [model, passages] : by_model) {
    const auto segment = Segment::build(name, model.first, std::move(passages));
    places_[name->token].push_back({segment.get(), {0, segment->rows()}});
    segments.push_back(whole(segment));
  }
}

void Collection::merge_where_due(Segments& segments) {
  for (bool merged = true; merged;) {
    merged = false;
    std::map<std::tuple<std::string, std::size_t, unsigned>, std::vector<std::size_t>> alike;
    for (std::size_t i = 0; i < segments.size(); ++i) {
      const Segment& segment = *segments[i].segment;
      alike[{segment.model_fingerprint(), segment.dimensions(), tier_of(segments[i].alive_rows)}].push_back(
          i);
    }
    for (const auto& [kind, members] : alike) {
      if (members.size() < kMergeAtOnce) continue;
      merge(segments, members);
      merged = true;
      break;  // the positions of the others have changed
    }
  }
  for (std::size_t i = 0; i < segments.size();) {
    if (worth_rewriting(segments[i])) {
      merge(segments, {i});  // the new one goes to the end
    } else {
      ++i;
    }
  }
}

void Collection::merge(Segments& segments, const std::vector<std::size_t>& chosen) {
  std::vector<Segment::Source> sources;
  std::unordered_set<const Segment*> old;
  for (const std::size_t i : chosen) {
    sources.push_back({segments[i].segment, segments[i].dead ? &segments[i].dead->rows : nullptr});
    old.insert(segments[i].segment.get());
  }
  const auto merged = Segment::merge(sources);
  for (const Segment::Span& span : merged->spans()) {
    for (Place& place : places_.at(span.document->token)) {
      if (old.contains(place.segment)) place = {merged.get(), {span.first, span.count}};
    }
  }
  std::erase_if(segments, [&](const LiveSegment& live) { return old.contains(live.segment.get()); });
  segments.push_back(whole(merged));
}

void Collection::publish(Segments segments) {
  auto next = std::make_shared<Snapshot>();
  next->size.documents = places_.size();
  for (const LiveSegment& live : segments) {
    next->size.passages += live.alive_rows;
    next->size.vector_bytes += vector_bytes(*live.segment);
    next->length += live.alive_length;
    next->units += live.alive_units;
  }
  next->segments = std::move(segments);
  const std::scoped_lock lock(mutex_);
  snapshot_ = std::move(next);
}

}  // namespace kefu::index
