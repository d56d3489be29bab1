#include "decide.hpp"

#include "code_points.hpp"
#include "model_codes.hpp"

#include <kefu/text/normalize.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <iterator>

namespace kefu::answer {
namespace {

using kefu::v1::PASSAGE_KIND_FAQ;

/// Passages that say one thing: the phrasings of an FAQ row, the pieces of a document.
bool of_one_source(const kefu::v1::Hit& a, const kefu::v1::Hit& b) {
  return a.filename() == b.filename() && a.passage().document_id() == b.passage().document_id() &&
         a.passage().row() == b.passage().row();
}

using Hits = std::vector<const kefu::v1::Hit*>;

Hits of_other_sources(const kefu::v1::Hit& hit, const kefu::v1::SearchResponse& found) {
  Hits others;
  for (const kefu::v1::Hit& candidate : found.hits()) {
    if (!of_one_source(hit, candidate)) others.push_back(&candidate);
  }
  return others;
}

/// By how much the hit leads the best two of the others, on average.
double lead(const kefu::v1::Hit& hit, const Hits& others, float (kefu::v1::Hit::*value)() const) {
  if (others.empty()) return 0;
  std::vector<double> values;
  for (const kefu::v1::Hit* other : others) values.push_back((other->*value)());
  const std::size_t best = std::min<std::size_t>(2, values.size());
  std::ranges::partial_sort(values, values.begin() + static_cast<std::ptrdiff_t>(best), std::greater{});
  return (hit.*value)() - (values.front() + values[best - 1]) / 2;
}

/// Rarity, and with it BM25, grows with the logarithm of the number of passages.
double lexical_feature(const kefu::v1::Hit& hit, const kefu::v1::SearchResponse& found) {
  const auto passages = static_cast<double>(found.background().passages());
  return hit.lexical() / std::log(1 + std::max(passages, 1.0));
}

std::vector<std::pair<char32_t, char32_t>> sorted_pairs(std::string_view folded) {
  const std::u32string points = code_points(folded);
  std::vector<std::pair<char32_t, char32_t>> pairs;
  for (std::size_t i = 1; i < points.size(); ++i) pairs.emplace_back(points[i - 1], points[i]);
  std::ranges::sort(pairs);
  return pairs;
}

using Pairs = std::vector<std::pair<char32_t, char32_t>>;

double dice(const Pairs& a, const Pairs& b) {
  if (a.empty() || b.empty()) return 0;
  Pairs common;
  std::ranges::set_intersection(a, b, std::back_inserter(common));
  return 2.0 * static_cast<double>(common.size()) / static_cast<double>(a.size() + b.size());
}

const LogisticModel& model_for(const kefu::v1::Hit& hit, bool lexical_only, const DecisionWeights& weights) {
  if (hit.passage().kind() == PASSAGE_KIND_FAQ) return lexical_only ? weights.faq_lexical : weights.faq;
  return lexical_only ? weights.text_lexical : weights.text;
}

bool is_faq(const Assessment& assessment) { return assessment.hit->passage().kind() == PASSAGE_KIND_FAQ; }

const Assessment* most_confident(const std::vector<Assessment>& assessments) {
  const Assessment* best = nullptr;
  for (const Assessment& candidate : assessments) {
    const bool better = best == nullptr || candidate.confidence > best->confidence ||
                        (candidate.confidence == best->confidence && is_faq(candidate) && !is_faq(*best));
    if (better) best = &candidate;
  }
  return best;
}

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(' ');
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

Result<> assign(const std::vector<std::pair<std::string, double*>>& named, std::string_view assignment) {
  const std::size_t equals = assignment.find('=');
  const std::string_view name = trimmed(assignment.substr(0, equals));
  const auto found = std::ranges::find_if(named, [&](const auto& entry) { return entry.first == name; });
  if (found == named.end())
    return fail(Errc::invalid_argument, fmt::format("there is no weight named \"{}\"", name));
  const std::string_view digits =
      equals == std::string_view::npos ? std::string_view{} : trimmed(assignment.substr(equals + 1));
  double value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size() || !std::isfinite(value))
    return fail(Errc::invalid_argument, fmt::format("weight \"{}\" is not a number: \"{}\"", name, digits));
  *found->second = value;
  return {};
}

}  // namespace

double confidence_of(const Features& features, const LogisticModel& model, double missing_code) {
  const double sum = model.bias + model.cosine * features.cosine + model.gap * features.gap +
                     model.coverage * features.coverage + model.coverage_gap * features.coverage_gap +
                     model.lexical * features.lexical + model.likeness * features.likeness +
                     model.exact * features.exact + missing_code * features.missing_code;
  return 1 / (1 + std::exp(-sum));
}

std::vector<std::pair<std::string, double*>> named_weights(DecisionWeights& weights) {
  std::vector<std::pair<std::string, double*>> named;
  const auto add_model = [&](const std::string& name, LogisticModel& model) {
    named.emplace_back(name + ".bias", &model.bias);
    named.emplace_back(name + ".cosine", &model.cosine);
    named.emplace_back(name + ".gap", &model.gap);
    named.emplace_back(name + ".coverage", &model.coverage);
    named.emplace_back(name + ".coverage_gap", &model.coverage_gap);
    named.emplace_back(name + ".lexical", &model.lexical);
    named.emplace_back(name + ".likeness", &model.likeness);
    named.emplace_back(name + ".exact", &model.exact);
  };
  add_model("faq", weights.faq);
  add_model("text", weights.text);
  add_model("faq_lexical", weights.faq_lexical);
  add_model("text_lexical", weights.text_lexical);
  named.emplace_back("missing_code", &weights.missing_code);
  named.emplace_back("threshold.faq", &weights.faq_threshold);
  named.emplace_back("threshold.extract", &weights.extract_threshold);
  named.emplace_back("threshold.near", &weights.near_threshold);
  return named;
}

Result<> override_weights(DecisionWeights& weights, std::string_view assignments) {
  const auto named = named_weights(weights);
  while (!assignments.empty()) {
    const std::size_t comma = std::min(assignments.find(','), assignments.size());
    if (const auto one = trimmed(assignments.substr(0, comma)); !one.empty()) KEFU_CHECK(assign(named, one));
    assignments.remove_prefix(std::min(comma + 1, assignments.size()));
  }
  return {};
}

std::vector<Assessment> assess(std::string_view question, const kefu::v1::SearchResponse& found,
                               const DecisionWeights& weights) {
  const std::string folded_question = text::fold_for_matching(question);
  const auto question_pairs = sorted_pairs(folded_question);
  const auto codes = model_codes(question);
  std::vector<Assessment> assessments;
  assessments.reserve(static_cast<std::size_t>(found.hits_size()));
  for (const kefu::v1::Hit& hit : found.hits()) {
    const std::string folded = text::fold_for_matching(hit.passage().text());
    Features features;
    const Hits others = of_other_sources(hit, found);
    if (!found.lexical_only()) {
      features.cosine = hit.dense();
      features.gap = lead(hit, others, &kefu::v1::Hit::dense);
    }
    features.coverage = std::clamp(static_cast<double>(hit.coverage()), 0.0, 1.0);
    features.coverage_gap = lead(hit, others, &kefu::v1::Hit::coverage);
    features.lexical = lexical_feature(hit, found);
    features.likeness = dice(question_pairs, sorted_pairs(folded));
    features.exact = !folded.empty() && folded == folded_question ? 1 : 0;
    features.missing_code = lacks_a_code(hit.passage(), codes) ? 1 : 0;
    const auto& model = model_for(hit, found.lexical_only(), weights);
    assessments.push_back({&hit, features, confidence_of(features, model, weights.missing_code)});
  }
  return assessments;
}

Verdict decide(const std::vector<Assessment>& assessments, kefu::v1::AskMode mode, bool llm_available,
               const DecisionWeights& weights) {
  const Assessment* best = most_confident(assessments);
  if (best == nullptr) return {};
  Verdict verdict{kefu::v1::DECISION_REFUSED, best->confidence, best};
  const bool may_generate = llm_available && mode != kefu::v1::ASK_MODE_EXTRACTIVE;
  const bool faq_is_clear = is_faq(*best) && best->confidence >= weights.faq_threshold;
  const bool must_generate = may_generate && mode == kefu::v1::ASK_MODE_GENERATIVE;
  if (faq_is_clear && !must_generate) {
    verdict.decision = kefu::v1::DECISION_FAQ;
  } else if (may_generate && best->confidence >= weights.near_threshold) {
    verdict.decision = kefu::v1::DECISION_GENERATED;
  } else if (!may_generate && !is_faq(*best) && best->confidence >= weights.extract_threshold) {
    verdict.decision = kefu::v1::DECISION_EXTRACTED;
  }
  return verdict;
}

}  // namespace kefu::answer
