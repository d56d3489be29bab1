#include "logistic.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace kefu::bench {
namespace {

constexpr int kSteps = 100;
constexpr double kPenalty = 0.02;

using Row = std::vector<double>;
using Matrix = std::vector<Row>;

/// Solves matrix * x = right by Gaussian elimination with pivoting.
Row solve(Matrix matrix, Row right) {
  const std::size_t size = right.size();
  for (std::size_t column = 0; column < size; ++column) {
    std::size_t pivot = column;
    for (std::size_t row = column + 1; row < size; ++row)
      if (std::abs(matrix[row][column]) > std::abs(matrix[pivot][column])) pivot = row;
    std::swap(matrix[column], matrix[pivot]);
    std::swap(right[column], right[pivot]);
    for (std::size_t row = column + 1; row < size; ++row) {
      const double factor = matrix[row][column] / matrix[column][column];
      for (std::size_t i = column; i < size; ++i) matrix[row][i] -= factor * matrix[column][i];
      right[row] -= factor * right[column];
    }
  }
  for (std::size_t row = size; row-- > 0;) {
    for (std::size_t i = row + 1; i < size; ++i) right[row] -= matrix[row][i] * right[i];
    right[row] /= matrix[row][row];
  }
  return right;
}

struct Scale {
  Row mean;
  Row deviation;
};

Scale scale_of(std::span<const Example> examples) {
  const std::size_t size = examples.front().features.size();
  Scale scale{Row(size), Row(size)};
  const auto count = static_cast<double>(examples.size());
  for (std::size_t i = 0; i < size; ++i) {
    for (const Example& example : examples) scale.mean[i] += example.features[i] / count;
    double variance = 0;
    for (const Example& example : examples)
      variance += std::pow(example.features[i] - scale.mean[i], 2) / count;
    scale.deviation[i] = variance > 0 ? std::sqrt(variance) : 1;
  }
  return scale;
}

/// Standardised features with a 1 for the bias at their end.
Row standardised(const Example& example, const Scale& scale) {
  Row row;
  for (std::size_t i = 0; i < example.features.size(); ++i)
    row.push_back((example.features[i] - scale.mean[i]) / scale.deviation[i]);
  row.push_back(1);
  return row;
}

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

double dot(const Row& a, const Row& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

struct Newton {
  const Matrix& rows;
  std::span<const Example> examples;
  double positive_weight;
  double negative_weight;

  Row step(const Row& model) const {
    const std::size_t size = model.size();
    Row gradient(size);
    Matrix hessian(size, Row(size));
    for (std::size_t e = 0; e < rows.size(); ++e) {
      const double weight = examples[e].positive ? positive_weight : negative_weight;
      const double confidence = sigmoid(dot(model, rows[e]));
      const double curvature = weight * confidence * (1 - confidence);
      for (std::size_t i = 0; i < size; ++i) {
        gradient[i] += weight * (confidence - (examples[e].positive ? 1 : 0)) * rows[e][i];
        for (std::size_t j = 0; j < size; ++j) hessian[i][j] += curvature * rows[e][i] * rows[e][j];
      }
    }
    for (std::size_t i = 0; i < size; ++i) {
      const double penalty = i + 1 < size ? kPenalty : 1e-9;  // of the bias only so much that it is solvable
      gradient[i] += penalty * model[i];
      hessian[i][i] += penalty;
    }
    return solve(std::move(hessian), std::move(gradient));
  }
};

}  // namespace

double Logistic::confidence(std::span<const double> features) const {
  double sum = bias;
  for (std::size_t i = 0; i < weights.size(); ++i) sum += weights[i] * features[i];
  return sigmoid(sum);
}

Logistic fit(std::span<const Example> examples) {
  const Scale scale = scale_of(examples);
  Matrix rows;
  for (const Example& example : examples) rows.push_back(standardised(example, scale));
  const auto all = static_cast<double>(examples.size());
  const auto positives = static_cast<double>(std::ranges::count(examples, true, &Example::positive));
  const Newton newton{rows, examples, all / (2 * positives), all / (2 * (all - positives))};
  Row model(rows.front().size());
  for (int i = 0; i < kSteps; ++i) {
    const Row step = newton.step(model);
    for (std::size_t k = 0; k < model.size(); ++k) model[k] -= step[k];
    if (std::ranges::all_of(step, [](double part) { return std::abs(part) < 1e-9; })) break;
  }
  Logistic fitted{.weights = {}, .bias = model.back()};
  for (std::size_t i = 0; i + 1 < model.size(); ++i) {
    fitted.weights.push_back(model[i] / scale.deviation[i]);
    fitted.bias -= fitted.weights[i] * scale.mean[i];
  }
  return fitted;
}

std::vector<double> cross_validated(std::span<const Example> examples, std::size_t folds) {
  std::vector<double> confidences(examples.size());
  for (std::size_t fold = 0; fold < folds; ++fold) {
    std::vector<Example> others;
    std::ranges::copy_if(examples, std::back_inserter(others),
                         [fold](const Example& example) { return example.fold != fold; });
    const Logistic model = fit(others);
    for (std::size_t i = 0; i < examples.size(); ++i)
      if (examples[i].fold == fold) confidences[i] = model.confidence(examples[i].features);
  }
  return confidences;
}

double area_under_curve(std::span<const Example> examples, std::span<const double> confidences) {
  double won = 0;
  double pairs = 0;
  for (std::size_t p = 0; p < examples.size(); ++p) {
    if (!examples[p].positive) continue;
    for (std::size_t n = 0; n < examples.size(); ++n) {
      if (examples[n].positive) continue;
      ++pairs;
      if (confidences[p] > confidences[n]) ++won;
      if (confidences[p] == confidences[n]) won += 0.5;
    }
  }
  return pairs > 0 ? won / pairs : 0;
}

}  // namespace kefu::bench
