#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace kefu::bench {

struct Example {
  std::vector<double> features;
  bool positive = false;
  std::size_t fold = 0;
};

/// confidence = 1 / (1 + exp(-(bias + sum of weight * feature)))
struct Logistic {
  std::vector<double> weights;
  double bias = 0;

  double confidence(std::span<const double> features) const;
};

/// The logistic regression of the examples, both classes counting the same together, by Newton's method, with
/// a small L2 penalty on the weights of the standardised features.
Logistic fit(std::span<const Example> examples);

/// The confidence of each example by a model fitted to the other folds.
std::vector<double> cross_validated(std::span<const Example> examples, std::size_t folds);

/// The probability that a positive example is more confident than a negative one.
double area_under_curve(std::span<const Example> examples, std::span<const double> confidences);

}  // namespace kefu::bench
