#pragma once

#include <cstddef>
#include <span>
#include <vector>

/// The model behind answer's confidences, fitted to whole questions: what it is trusted with is a choice
/// among the hits, or of none.
namespace kefu::bench {

/// The hits of a question: at least one.
struct Choice {
  struct Option {
    std::vector<double> features;
    bool right = false;
  };
  std::vector<Option> options;
  double weight = 1;
  std::size_t fold = 0;
};

/// The logarithm of the odds of an option against none is bias + sum of weight * feature.
struct Linear {
  std::vector<double> weights;
  double bias = 0;
};

/// The model that makes right options, where there are any, or else none, most probable: an option has the
/// probability exp(log odds) / (1 + sum of exp(log odds of all options)). With a small L2 penalty on the
/// weights of the standardised features. By Newton's method; which of several right options was meant is
/// estimated anew in each step.
Linear fit(std::span<const Choice> choices);

/// One model for each fold, fitted to the other folds.
std::vector<Linear> fit_folds(std::span<const Choice> choices, std::size_t folds);

}  // namespace kefu::bench
