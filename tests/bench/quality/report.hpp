#pragma once

#include "decide.hpp"
#include "samples.hpp"

#include <span>
#include <string>
#include <string_view>

/// What calibrate_decisions prints.
namespace kefu::bench {

/// What these weights make of each set, without a language model.
void report_weights(std::string_view weights_name, std::span<const QuestionSet> sets,
                    const answer::DecisionWeights& weights);
/// Fits the models of searches with vectors, prints how good they are on questions that they were not fitted
/// to, and returns the weights. The first set counts as much as all others together twice.
answer::DecisionWeights report_fit(std::span<const QuestionSet> sets);
/// What becomes of each question, the most confident first.
void report_questions(const QuestionSet& set, const answer::DecisionWeights& weights);
/// All hits with their features, tab-separated.
void write_samples(const std::string& file, std::span<const QuestionSet> sets);

}  // namespace kefu::bench
