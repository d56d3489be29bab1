#pragma once

#include "kefu/v1/ask.pb.h"
#include "kefu/v1/search.pb.h"

#include <kefu/base/error.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What to do with a question, from what the search found. Pure: no clock, no network, no state.
namespace kefu::answer {

/// What is known of one hit, each number comparable between knowledge bases.
struct Features {
  double cosine = 0;  ///< 0 where the search was lexical alone
  /// Cosine above the mean of the best two of the hits of other rows and documents: one other place may well
  /// say the same. 0 where there are no others.
  double gap = 0;
  double coverage = 0;  ///< share of the question's terms that the passage holds, weighted by rarity, 0..1
  double coverage_gap = 0;  ///< coverage above that of the others, as for `gap`
  double lexical = 0;       ///< BM25 by the logarithm of the passages there are, with which rarity grows
  double likeness = 0;      ///< Dice coefficient of the character pairs of question and passage, folded, 0..1
  double exact = 0;         ///< 1 where question and passage are the same folded text
  double missing_code = 0;  ///< 1 where the question names a model code that the passage does not hold
};

/// One logistic model: confidence = 1 / (1 + exp(-(bias + sum of weight * feature))).
struct LogisticModel {
  double bias = 0;
  double cosine = 0;
  double gap = 0;
  double coverage = 0;
  double coverage_gap = 0;
  double lexical = 0;
  double likeness = 0;
  double exact = 0;
};

/// `missing_code`: what that feature weighs, in every model.
double confidence_of(const Features& features, const LogisticModel& model, double missing_code);

/// All that decisions depend on beside the hits. The numbers are for the default model; another one needs its
/// own. `faq` and `text` were fitted together by tests/bench/calibrate_decisions, and differ in their bias;
/// README.md says to what, and how good they are. `exact` and the lexical models are set by judgement. The
/// biases are large because the cosine is not centred.
struct DecisionWeights {
  LogisticModel faq{
      .bias = -54.0, .cosine = 58.3, .gap = 47.7, .coverage_gap = 2.88, .lexical = 0.82, .exact = 8};
  LogisticModel text{
      .bias = -52.6, .cosine = 58.3, .gap = 47.7, .coverage_gap = 2.88, .lexical = 0.82, .exact = 4};
  /// Without vectors, words must carry it all.
  LogisticModel faq_lexical{.bias = -4.5, .coverage = 4.0, .likeness = 4.0, .exact = 8.0};
  LogisticModel text_lexical{.bias = -4.5, .coverage = 7.0, .exact = 4.0};

  /// Of all models, by judgement: what is said of one product is no answer about another, whatever else
  /// speaks for it.
  double missing_code = -20;

  double faq_threshold = 0.5;      ///< an FAQ row answers from here on
  double extract_threshold = 0.5;  ///< a passage answers, word for word, from here on
  double near_threshold = 0.2;     ///< below it the knowledge base holds nothing of use, even to an LLM
};

/// Every number of DecisionWeights by its name: "faq.gap", "text_lexical.bias", "threshold.near".
std::vector<std::pair<std::string, double*>> named_weights(DecisionWeights& weights);
/// "faq.gap=40, text.bias=-50" over the values that are there. Errors: `invalid_argument`, naming what is
/// wrong.
Result<> override_weights(DecisionWeights& weights, std::string_view assignments);

/// One hit with what is thought of it.
struct Assessment {
  const kefu::v1::Hit* hit = nullptr;
  Features features;
  double confidence = 0;  ///< 0..1: that this passage answers the question
};
/// In the order of the hits. The response must outlive the result.
std::vector<Assessment> assess(std::string_view question, const kefu::v1::SearchResponse& found,
                               const DecisionWeights& weights);

struct Verdict {
  kefu::v1::Decision decision = kefu::v1::DECISION_REFUSED;
  double confidence = 0;
  const Assessment* best = nullptr;  ///< null only when there are no hits
};
/// The most confident hit decides; of equals, an FAQ row, because a person wrote its answer.
/// - mode extractive, or no LLM: `faq` or `extracted` when the hit reaches its threshold, else `refused`;
/// - mode auto with an LLM: `faq` when the hit is an FAQ row that reaches its threshold, `generated` when any
///   hit is at least near, else `refused`;
/// - mode generative with an LLM: `generated` when any hit is at least near, else `refused`.
/// `assessments` must outlive the result.
Verdict decide(const std::vector<Assessment>& assessments, kefu::v1::AskMode mode, bool llm_available,
               const DecisionWeights& weights);

}  // namespace kefu::answer
