#include "fusion.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

namespace kefu::index {
namespace {

constexpr double kRankOffset = 60;
constexpr std::size_t kFewestCandidates = 40;
constexpr std::size_t kCandidatesPerHit = 4;

/// What counts as one result: a passage, or all phrasings of one FAQ row. The last member is the ordinal of a
/// passage that stands for itself.
using Unit = std::tuple<const DocumentName*, std::uint32_t, std::uint32_t>;

Unit unit_of(const Entry& entry) {
  const kefu::v1::Passage& passage = entry.passage;
  if (passage.kind() == kefu::v1::PASSAGE_KIND_FAQ && passage.row() != 0) {
    return {entry.document.get(), passage.row(), 0};
  }
  return {entry.document.get(), 0, passage.ordinal()};
}

struct Candidate {
  std::optional<Scored> place;  // of the phrasing that stands for the unit; its score is the cosine
  float lexical = 0;
  double fused = 0;
};
using Candidates = std::map<Unit, Candidate>;

/// The ranking's members as units, in order, each once.
template <class Search>
std::vector<std::pair<Unit, std::vector<Scored>>> ranked_units(const Snapshot& snapshot, const Search& search,
                                                               std::size_t units) {
  for (std::size_t count = units;; count *= 4) {
    const std::vector<Scored> best = search.best(count);
    std::vector<std::pair<Unit, std::vector<Scored>>> ranking;
    std::map<Unit, std::size_t> positions;
    for (const Scored& scored : best) {
      const Unit unit = unit_of(entry_of(snapshot, scored));
      const auto [position, is_new] = positions.try_emplace(unit, ranking.size());
      if (is_new) ranking.emplace_back(unit, std::vector<Scored>{});
      ranking[position->second].second.push_back(scored);
    }
    // Many phrasings of few rows can fill the list: look further down until there is enough to choose from.
    if (best.size() < count || ranking.size() * kCandidatesPerHit >= units) return ranking;
  }
}

class Fusion {
 public:
  Fusion(const Snapshot& snapshot, const DenseSearch& dense, const LexicalSearch& lexical)
      : snapshot_(snapshot), dense_(dense), lexical_(lexical) {}

  template <class Search>
  void add(const Search& search, double weight, std::size_t units) {
    double rank = 0;
    for (const auto& [unit, members] : ranked_units(snapshot_, search, units)) {
      rank += 1;
      Candidate& candidate = candidates_[unit];
      for (const Scored& member : members) consider(candidate, member);
      candidate.fused += weight / (kRankOffset + rank);
    }
  }

  std::vector<kefu::v1::Hit> hits(std::size_t top_k) const {
    std::vector<const Candidate*> order;
    for (const auto& [unit, candidate] : candidates_) order.push_back(&candidate);
    std::ranges::sort(order, [this](const Candidate* a, const Candidate* b) { return before(*a, *b); });
    order.resize(std::min(top_k, order.size()));
    std::vector<kefu::v1::Hit> hits;
    for (const Candidate* candidate : order) hits.push_back(hit(*candidate));
    return hits;
  }

 private:
  /// The phrasing with the higher cosine stands for its row; without vectors the one with more of the terms.
  void consider(Candidate& candidate, const Scored& member) const {
    const Scored place{member.segment, member.row, dense_.cosine(member.segment, member.row)};
    const float lexical = lexical_.score(member.segment, member.row);
    if (!candidate.place ||
        std::tie(place.score, lexical) > std::tie(candidate.place->score, candidate.lexical)) {
      candidate.place = place;
      candidate.lexical = lexical;
    }
  }

  bool before(const Candidate& a, const Candidate& b) const {
    if (a.fused != b.fused) return a.fused > b.fused;
    return ranks_before(snapshot_, *a.place, *b.place);
  }

  kefu::v1::Hit hit(const Candidate& candidate) const {
    const Entry& entry = entry_of(snapshot_, *candidate.place);
    kefu::v1::Hit hit;
    *hit.mutable_passage() = entry.passage;
    hit.set_filename(entry.document->filename);
    hit.set_dense(candidate.place->score);
    hit.set_lexical(candidate.lexical);
    hit.set_fused(static_cast<float>(candidate.fused));
    hit.set_coverage(lexical_.coverage(entry));
    return hit;
  }

  const Snapshot& snapshot_;
  const DenseSearch& dense_;
  const LexicalSearch& lexical_;
  Candidates candidates_;
};

}  // namespace

std::vector<kefu::v1::Hit> fuse(const Snapshot& snapshot, const DenseSearch& dense,
                                const LexicalSearch& lexical, FusionWeights weights, std::size_t top_k) {
  const std::size_t units = std::max(kFewestCandidates, kCandidatesPerHit * top_k);
  Fusion fusion(snapshot, dense, lexical);
  if (dense.possible()) fusion.add(dense, weights.dense, units);
  fusion.add(lexical, weights.lexical, units);
  return fusion.hits(top_k);
}

SearchOutcome search(const Snapshot& snapshot, const SearchQuery& query, FusionWeights weights) {
  using Clock = std::chrono::steady_clock;
  SearchOutcome outcome;
  const auto began = Clock::now();
  const DenseSearch dense(snapshot, query.vector, query.model_fingerprint);
  const auto scanned = Clock::now();
  const LexicalSearch lexical(snapshot, query.question);
  outcome.dense_time = scanned - began;
  outcome.lexical_time = Clock::now() - scanned;
  outcome.hits = fuse(snapshot, dense, lexical, weights, query.top_k);
  outcome.background = dense.background();
  outcome.lexical_only = query.vector.empty() || (snapshot.size.passages != 0 && !dense.possible());
  return outcome;
}

}  // namespace kefu::index
