#include "fusion.hpp"

#include "dense_search.hpp"
#include "lexical_search.hpp"

#include <algorithm>
#include <chrono>
#include <compare>
#include <iterator>
#include <optional>
#include <span>
#include <tuple>
#include <utility>

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

/// What counts as one result: a passage, or all phrasings of one FAQ row.
struct Unit {
  const DocumentName* document = nullptr;
  std::uint32_t row = 0;      // 0 for a passage that stands for itself
  std::uint32_t ordinal = 0;  // of that passage

  auto operator<=>(const Unit&) const = default;
};

bool is_faq_row(const Entry& entry) {
  return entry.passage.kind() == kefu::v1::PASSAGE_KIND_FAQ && entry.passage.row() != 0;
}

Unit unit_of(const Entry& entry) {
  if (is_faq_row(entry)) return {entry.document.get(), entry.passage.row(), 0};
  return {entry.document.get(), 0, entry.passage.ordinal()};
}

/// A passage that a ranking found, with the scores that are known by that.
struct Member {
  Unit unit;
  std::uint32_t segment = 0;
  std::uint32_t row = 0;
  std::optional<float> cosine = {};
  std::optional<float> lexical = {};

  /// Passages of one unit, and of one document, stand together.
  auto place() const { return std::tie(unit, segment, row); }
};
using Members = std::vector<Member>;

struct Candidate {
  std::optional<Scored> place = {};  // of the phrasing that stands for the unit; its score is the cosine
  float lexical = 0;                 // of that phrasing
  float most_lexical = 0;            // of any phrasing that was looked at
  float of_unit = 0;                 // what the whole row or document says
  double words = 0;                  // of the best phrasing and of the whole row or document
  float coverage = 0;
  double fused = 0;
};

/// Where a score stands between two others, 0 to 1.
double between(double low, double high, double score) {
  return high > low ? std::clamp((score - low) / (high - low), 0.0, 1.0) : 1.0;
}

std::size_t count_units(const Members& members) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < members.size(); ++i)
    count += i == 0 || members[i].unit != members[i - 1].unit ? 1 : 0;
  return count;
}

/// The best passages of a ranking, by place, with what it knows of them.
template <class Search>
Members ranked(const Snapshot& snapshot, const Search& search, std::optional<float> Member::* score,
               std::size_t units) {
  for (std::size_t count = units;; count *= 4) {
    const std::vector<Scored> best = search.best(count);
    Members members;
    members.reserve(best.size());
    for (const Scored& scored : best) {
      members.push_back({unit_of(entry_of(snapshot, scored)), scored.segment, scored.row});
      members.back().*score = scored.score;
    }
    std::ranges::sort(members, {}, &Member::place);
    // Many phrasings of few rows can fill the list: look further down until there is enough to choose from.
    if (best.size() < count || count_units(members) * kCandidatesPerHit >= units) return members;
  }
}

/// Each passage once, with what either ranking knows of it.
Members merged(const Members& dense, const Members& lexical) {
  Members all;
  all.reserve(dense.size() + lexical.size());
  std::ranges::merge(dense, lexical, std::back_inserter(all), {}, &Member::place, &Member::place);
  for (std::size_t i = 0; i + 1 < all.size(); ++i) {
    if (all[i].place() == all[i + 1].place()) all[i].lexical = all[i + 1].lexical;  // the first is dense's
  }
  const auto repeated = std::ranges::unique(all, {}, &Member::place);
  all.erase(repeated.begin(), repeated.end());
  return all;
}

class Fusion {
 public:
  Fusion(const Snapshot& snapshot, const DenseSearch& dense, const LexicalSearch& lexical)
      : snapshot_(snapshot), dense_(dense), lexical_(lexical) {}

  /// By place.
  void add(std::span<const Member> members) {
    while (!members.empty()) {
      const auto other = std::ranges::find_if(
          members, [&](const Member& member) { return member.unit != members.front().unit; });
      const auto count = static_cast<std::size_t>(other - members.begin());
      const auto unit = members.first(count);
      members = members.subspan(count);
      if (!members.empty()) prefetch(members.front());
      candidates_.push_back(candidate(unit));
    }
  }

  void join(FusionWeights weights) {
    if (!dense_.possible()) weights = {.dense = 0, .lexical = 1};
    double highest_cosine = -1;
    double most_words = 0;
    double coverage = 0;
    for (const Candidate& candidate : candidates_) {
      highest_cosine = std::max<double>(highest_cosine, candidate.place->score);
      most_words = std::max(most_words, candidate.words);
      coverage = std::max<double>(coverage, candidate.coverage);
    }
    const double words_weigh = kLeastWords + (1 - kLeastWords) * coverage;
    const auto& background = dense_.background();
    const double low = background.mean() - kFarBelowMean * background.deviation();
    for (Candidate& candidate : candidates_) {
      const double words = most_words > 0 ? words_weigh * candidate.words / most_words : 0;
      const double nearness = weights.dense > 0 ? between(low, highest_cosine, candidate.place->score) : 0.0;
      candidate.fused =
          (weights.dense * nearness + weights.lexical * words) / (weights.dense + weights.lexical);
    }
  }

  std::vector<kefu::v1::Hit> hits(std::size_t top_k) const {
    std::vector<const Candidate*> order;
    order.reserve(candidates_.size());
    for (const Candidate& candidate : candidates_) order.push_back(&candidate);
    const auto end = order.begin() + static_cast<std::ptrdiff_t>(std::min(top_k, order.size()));
    std::ranges::partial_sort(order, end,
                              [this](const Candidate* a, const Candidate* b) { return before(*a, *b); });
    std::vector<kefu::v1::Hit> hits;
    hits.reserve(static_cast<std::size_t>(end - order.begin()));
    for (auto it = order.begin(); it != end; ++it) hits.push_back(hit(**it));
    return hits;
  }

 private:
  struct Words {
    float own = 0;
    float of_unit = 0;
  };

  const Segment& segment(std::uint32_t number) const { return *snapshot_.segments[number].segment; }

  void prefetch(const Member& member) const {
    const Entry& entry = *segment(member.segment).entry(member.row);
    if (!member.cosine) index::prefetch(entry.vector);
    index::prefetch(entry.held_terms);
  }

  Candidate candidate(std::span<const Member> members) {
    Candidate made;
    for (const Member& member : members) consider(made, member);
    const bool by_words_alone =
        std::ranges::none_of(members, [](const Member& member) { return member.cosine.has_value(); });
    if (by_words_alone && members.front().unit.row != 0) consider_another_phrasing(made, members);
    made.words = kOwnWords * made.most_lexical + (1 - kOwnWords) * double{made.of_unit};
    made.coverage = lexical_.coverage(entry_of(snapshot_, *made.place));
    return made;
  }

  void consider(Candidate& candidate, const Member& member) {
    const float cosine = member.cosine ? *member.cosine : dense_.cosine(member.segment, member.row);
    const Scored place{member.segment, member.row, cosine};
    const auto [own, of_unit] = words(member);
    candidate.most_lexical = std::max(candidate.most_lexical, own);
    if (candidate.place && !stands_before(place, own, candidate)) return;
    candidate.place = place;
    candidate.lexical = own;
    candidate.of_unit = of_unit;
  }

  /// The phrasing with the higher cosine stands for its row; without vectors the one with more of the terms.
  bool stands_before(const Scored& place, float own, const Candidate& other) const {
    if (place.score == other.place->score && own != other.lexical) return own > other.lexical;
    return ranks_before(snapshot_, place, *other.place);
  }

  /// Of a row that the words alone found, another phrasing may be nearer than those that hold the words.
  void consider_another_phrasing(Candidate& candidate, std::span<const Member> members) {
    const auto found = std::ranges::find_if(
        members, [this](const Member& member) { return dense_.compares(member.segment); });
    if (found == members.end()) return;
    const RowRange phrasings = segment(found->segment).unit_of(found->row);
    const Member best{found->unit, found->segment, dense_.best_of(found->segment, phrasings)};
    const bool is_new =
        std::ranges::none_of(members, [&](const Member& member) { return member.place() == best.place(); });
    if (is_new) consider(candidate, best);
  }

  Words words(const Member& member) {
    const RowRange unit = segment(member.segment).unit_of(member.row);
    if (unit.count == 1) {
      const auto both = lexical_.scores(member.segment, unit);
      return {both.as_passage, both.as_unit};
    }
    const float own =
        member.lexical ? *member.lexical : lexical_.scores(member.segment, {member.row, 1}).as_passage;
    return {own, words_of_unit(member.segment, unit)};
  }

  /// What all of the row or document says, looked up once for its passages that come one after the other.
  float words_of_unit(std::uint32_t number, RowRange unit) {
    const std::pair key(number, unit.first);
    if (latest_unit_ != key) {
      latest_unit_ = key;
      latest_words_ = lexical_.scores(number, unit).as_unit;
    }
    return latest_words_;
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
  std::vector<Candidate> candidates_;
  std::optional<std::pair<std::uint32_t, std::uint32_t>> latest_unit_;  // segment and first row
  float latest_words_ = 0;
};

}  // namespace

SearchOutcome search(const Snapshot& snapshot, const SearchQuery& query, FusionWeights weights) {
  using Clock = std::chrono::steady_clock;
  SearchOutcome outcome;
  const std::size_t units = std::max(kFewestCandidates, kCandidatesPerHit * query.top_k);
  const RowFilter filter(snapshot, query.filter);
  const auto began = Clock::now();
  const DenseSearch dense(snapshot, filter, query.vector, query.model_fingerprint);
  Members by_vectors;
  if (dense.possible() && weights.dense > 0) by_vectors = ranked(snapshot, dense, &Member::cosine, units);
  const auto compared = Clock::now();
  const LexicalSearch lexical(snapshot, filter, query.question);
  Members by_words;
  if (weights.lexical > 0 || !dense.possible()) by_words = ranked(snapshot, lexical, &Member::lexical, units);
  Fusion fusion(snapshot, dense, lexical);
  fusion.add(merged(by_vectors, by_words));
  fusion.join(weights);
  outcome.hits = fusion.hits(query.top_k);
  outcome.dense_time = compared - began;
  outcome.lexical_time = Clock::now() - compared;
  outcome.background = dense.background();
  outcome.lexical_only = query.vector.empty() || (snapshot.size.passages != 0 && !dense.possible());
  return outcome;
}

}  // namespace kefu::index
