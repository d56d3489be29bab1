#include "fusion.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>

namespace kefu::index {
namespace {

constexpr std::size_t kFewestCandidates = 40;
constexpr std::size_t kCandidatesPerHit = 4;
/// Cosines as far below the mean as hardly any passage's. The lowest one itself would do as well, were it not
/// that of a single odd passage.
constexpr double kFarBelowMean = 3;  // in standard deviations
/// Of a passage's words, the part that is its own; the rest is that of its row or document.
constexpr double kOwnWords = 0.25;
/// What words weigh, of what they weigh where a passage holds all of the question's, where none holds any.
constexpr double kLeastWords = 0.5;

/// What counts as one result: a passage, or all phrasings of one FAQ row. The last member is the ordinal of a
/// passage that stands for itself.
using Unit = std::tuple<const DocumentName*, std::uint32_t, std::uint32_t>;

bool is_faq_row(const Entry& entry) {
  return entry.passage.kind() == kefu::v1::PASSAGE_KIND_FAQ && entry.passage.row() != 0;
}

Unit unit_of(const Entry& entry) {
  if (is_faq_row(entry)) return {entry.document.get(), entry.passage.row(), 0};
  return {entry.document.get(), 0, entry.passage.ordinal()};
}

struct Candidate {
  std::optional<Scored> place;  // of the phrasing that stands for the unit; its score is the cosine
  float lexical = 0;            // of that phrasing
  float most_lexical = 0;       // of any phrasing that was looked at
  double words = 0;             // of the best phrasing and of the whole row or document
  float coverage = 0;
  double fused = 0;
};
using Candidates = std::map<Unit, Candidate>;

/// Where a score stands between two others, 0 to 1.
double between(double low, double high, double score) {
  return high > low ? std::clamp((score - low) / (high - low), 0.0, 1.0) : 1.0;
}

/// The ranking's members as units, in order, each once.
template <class Search>
std::vector<std::vector<Scored>> ranked_units(const Snapshot& snapshot, const Search& search,
                                              std::size_t units) {
  for (std::size_t count = units;; count *= 4) {
    const std::vector<Scored> best = search.best(count);
    std::vector<std::vector<Scored>> ranking;
    std::map<Unit, std::size_t> positions;
    for (const Scored& scored : best) {
      const auto [position, is_new] =
          positions.try_emplace(unit_of(entry_of(snapshot, scored)), ranking.size());
      if (is_new) ranking.emplace_back();
      ranking[position->second].push_back(scored);
    }
    // Many phrasings of few rows can fill the list: look further down until there is enough to choose from.
    if (best.size() < count || ranking.size() * kCandidatesPerHit >= units) return ranking;
  }
}

class Fusion {
 public:
  Fusion(const Snapshot& snapshot, const DenseSearch& dense, const LexicalSearch& lexical)
      : snapshot_(snapshot), dense_(dense), lexical_(lexical) {}

  /// Its scores are cosines.
  void add(const DenseSearch& search, std::size_t units) {
    for (const auto& members : ranked_units(snapshot_, search, units)) {
      Candidate& candidate = candidate_of(members.front());
      for (const Scored& member : members)
        consider(candidate, member, member.score, lexical_.score(member.segment, member.row));
    }
  }
  /// Its scores are those of the words.
  void add(const LexicalSearch& search, std::size_t units) {
    for (const auto& members : ranked_units(snapshot_, search, units)) {
      Candidate& candidate = candidate_of(members.front());
      if (!candidate.place) consider_nearest_phrasing(candidate, members.front());
      for (const Scored& member : members)
        consider(candidate, member, dense_.cosine(member.segment, member.row), member.score);
    }
  }

  void join(FusionWeights weights) {
    if (!dense_.possible()) weights = {.dense = 0, .lexical = 1};
    double highest_cosine = -1;
    double most_words = 0;
    double coverage = 0;
    for (auto& [unit, candidate] : candidates_) {
      const auto& place = *candidate.place;
      candidate.words = kOwnWords * candidate.most_lexical + (1 - kOwnWords) * words_of_unit(place);
      candidate.coverage = lexical_.coverage(entry_of(snapshot_, place));
      highest_cosine = std::max<double>(highest_cosine, place.score);
      most_words = std::max(most_words, candidate.words);
      coverage = std::max<double>(coverage, candidate.coverage);
    }
    const double words_weigh = kLeastWords + (1 - kLeastWords) * coverage;
    const auto& background = dense_.background();
    const double low = background.mean() - kFarBelowMean * background.deviation();
    for (auto& [unit, candidate] : candidates_) {
      const double words = most_words > 0 ? words_weigh * candidate.words / most_words : 0;
      const double nearness = weights.dense > 0 ? between(low, highest_cosine, candidate.place->score) : 0.0;
      candidate.fused =
          (weights.dense * nearness + weights.lexical * words) / (weights.dense + weights.lexical);
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
  Candidate& candidate_of(const Scored& member) { return candidates_[unit_of(entry_of(snapshot_, member))]; }

  /// Of a row that the words found, another phrasing may be nearer than those that hold the words.
  void consider_nearest_phrasing(Candidate& candidate, const Scored& member) const {
    if (!dense_.possible() || !is_faq_row(entry_of(snapshot_, member))) return;
    const RowRange phrasings = snapshot_.segments[member.segment].segment->unit_of(member.row);
    if (phrasings.count == 1) return;
    const Scored nearest{member.segment, dense_.nearest(member.segment, phrasings), 0};
    consider(candidate, nearest, dense_.cosine(nearest.segment, nearest.row),
             lexical_.score(nearest.segment, nearest.row));
  }

  /// What all of the row or document says; many passages of one document are among the candidates.
  double words_of_unit(const Scored& place) {
    const RowRange unit = snapshot_.segments[place.segment].segment->unit_of(place.row);
    const auto [known, is_new] = units_.try_emplace({place.segment, unit.first}, 0.0F);
    if (is_new) known->second = lexical_.score_of_unit(place.segment, place.row);
    return double{known->second};
  }

  /// The phrasing with the higher cosine stands for its row; without vectors the one with more of the terms.
  static void consider(Candidate& candidate, const Scored& member, float cosine, float lexical) {
    const Scored place{member.segment, member.row, cosine};
    candidate.most_lexical = std::max(candidate.most_lexical, lexical);
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
    hit.set_coverage(candidate.coverage);
    return hit;
  }

  const Snapshot& snapshot_;
  const DenseSearch& dense_;
  const LexicalSearch& lexical_;
  Candidates candidates_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, float> units_;  // words, by segment and first row
};

}  // namespace

std::vector<kefu::v1::Hit> fuse(const Snapshot& snapshot, const DenseSearch& dense,
                                const LexicalSearch& lexical, FusionWeights weights, std::size_t top_k) {
  const std::size_t units = std::max(kFewestCandidates, kCandidatesPerHit * top_k);
  Fusion fusion(snapshot, dense, lexical);
  if (dense.possible() && weights.dense > 0) fusion.add(dense, units);
  if (weights.lexical > 0 || !dense.possible()) fusion.add(lexical, units);
  fusion.join(weights);
  return fusion.hits(top_k);
}

SearchOutcome search(const Snapshot& snapshot, const SearchQuery& query, FusionWeights weights) {
  using Clock = std::chrono::steady_clock;
  SearchOutcome outcome;
  const RowFilter filter(snapshot, query.filter);
  const auto began = Clock::now();
  const DenseSearch dense(snapshot, filter, query.vector, query.model_fingerprint);
  const auto scanned = Clock::now();
  const LexicalSearch lexical(snapshot, filter, query.question);
  outcome.hits = fuse(snapshot, dense, lexical, weights, query.top_k);
  outcome.dense_time = scanned - began;
  outcome.lexical_time = Clock::now() - scanned;
  outcome.background = dense.background();
  outcome.lexical_only = query.vector.empty() || (snapshot.size.passages != 0 && !dense.possible());
  return outcome;
}

}  // namespace kefu::index
