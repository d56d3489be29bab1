#pragma once

#include "decide.hpp"
#include "samples.hpp"

#include <string>
#include <string_view>
#include <vector>

/// What calibrate_decisions prints.
namespace kefu::bench {

struct Outcome {
  std::string question;
  std::vector<std::string> expected;  ///< documents; empty: it cannot be answered
  kefu::v1::Decision decision = kefu::v1::DECISION_REFUSED;
  double confidence = 0;
  std::string document;  ///< of the most confident hit
};

/// How good these weights are.
void report_present(const Samples& samples, const answer::DecisionWeights& weights);
/// Fits both models where there are samples for them, prints how good they are and returns the weights.
answer::DecisionWeights report_fit(const Samples& samples);
/// How many questions are decided right, and each of them, the most confident first.
void report_outcomes(std::string_view weights, std::vector<Outcome> outcomes);
/// All samples with their features, tab-separated.
void write_samples(const std::string& file, const Samples& samples);

}  // namespace kefu::bench
