#include "logistic.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

namespace kefu::bench {
namespace {

constexpr int kSteps = 100;
constexpr double kPenalty = 1;
constexpr double kMostLogOdds = 30;

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

Scale scale_of(std::span<const Choice> choices) {
  const std::size_t size = choices.front().options.front().features.size();
  Scale scale{Row(size), Row(size)};
  const auto for_each_option = [&](auto&& take) {
    for (const Choice& choice : choices)
      for (const Choice::Option& option : choice.options) take(option.features, choice.weight);
  };
  double count = 0;
  for_each_option([&](const Row&, double weight) { count += weight; });
  for_each_option([&](const Row& features, double weight) {
    for (std::size_t i = 0; i < size; ++i) scale.mean[i] += weight * features[i] / count;
  });
  for_each_option([&](const Row& features, double weight) {
    for (std::size_t i = 0; i < size; ++i)
      scale.deviation[i] += weight * std::pow(features[i] - scale.mean[i], 2) / count;
  });
  for (double& deviation : scale.deviation) deviation = deviation > 0 ? std::sqrt(deviation) : 1;
  return scale;
}

/// Standardised features with a 1 for the bias at their end.
Row standardised(const Row& features, const Scale& scale) {
  Row row;
  for (std::size_t i = 0; i < features.size(); ++i)
    row.push_back((features[i] - scale.mean[i]) / scale.deviation[i]);
  row.push_back(1);
  return row;
}

double dot(const Row& a, const Row& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

struct Derivatives {
  Row gradient;
  Matrix hessian;
};

/// What one choice adds to the derivatives of the negative logarithm of its probability.
void add(const Choice& choice, const Matrix& rows, const Row& model, Derivatives& sum) {
  const std::size_t size = model.size();
  Row odds;
  double all = 1;  // none
  double right = 0;
  for (std::size_t o = 0; o < rows.size(); ++o) {
    odds.push_back(std::exp(std::clamp(dot(model, rows[o]), -kMostLogOdds, kMostLogOdds)));
    all += odds[o];
    if (choice.options[o].right) right += odds[o];
  }
  Row mean(size);
  for (std::size_t o = 0; o < rows.size(); ++o) {
    const double probability = odds[o] / all;
    const double wanted = choice.options[o].right ? odds[o] / right : 0;
    for (std::size_t i = 0; i < size; ++i) {
      mean[i] += probability * rows[o][i];
      sum.gradient[i] += choice.weight * (probability - wanted) * rows[o][i];
      for (std::size_t j = 0; j < size; ++j)
        sum.hessian[i][j] += choice.weight * probability * rows[o][i] * rows[o][j];
    }
  }
  for (std::size_t i = 0; i < size; ++i)
    for (std::size_t j = 0; j < size; ++j) sum.hessian[i][j] -= choice.weight * mean[i] * mean[j];
}

Row newton_step(std::span<const Choice> choices, const std::vector<Matrix>& rows, const Row& model) {
  const std::size_t size = model.size();
  Derivatives sum{Row(size), Matrix(size, Row(size))};
  for (std::size_t c = 0; c < choices.size(); ++c) add(choices[c], rows[c], model, sum);
  for (std::size_t i = 0; i < size; ++i) {
    const double penalty = i + 1 < size ? kPenalty : 1e-9;  // of the bias only so much that it is solvable
    sum.gradient[i] += penalty * model[i];
    sum.hessian[i][i] += penalty;
  }
  return solve(std::move(sum.hessian), std::move(sum.gradient));
}

}  // namespace

Linear fit(std::span<const Choice> choices) {
  const Scale scale = scale_of(choices);
  std::vector<Matrix> rows;
  for (const Choice& choice : choices) {
    Matrix& own = rows.emplace_back();
    for (const Choice::Option& option : choice.options) own.push_back(standardised(option.features, scale));
  }
  Row model(scale.mean.size() + 1);
  for (int i = 0; i < kSteps; ++i) {
    const Row step = newton_step(choices, rows, model);
    for (std::size_t k = 0; k < model.size(); ++k) model[k] -= step[k];
    if (std::ranges::all_of(step, [](double part) { return std::abs(part) < 1e-9; })) break;
  }
  Linear fitted{.weights = {}, .bias = model.back()};
  for (std::size_t i = 0; i + 1 < model.size(); ++i) {
    fitted.weights.push_back(model[i] / scale.deviation[i]);
    fitted.bias -= fitted.weights[i] * scale.mean[i];
  }
  return fitted;
}

std::vector<Linear> fit_folds(std::span<const Choice> choices, std::size_t folds) {
  std::vector<Linear> models;
  for (std::size_t fold = 0; fold < folds; ++fold) {
    std::vector<Choice> others;
    std::ranges::copy_if(choices, std::back_inserter(others),
                         [fold](const Choice& choice) { return choice.fold != fold; });
    models.push_back(fit(others));
  }
  return models;
}

}  // namespace kefu::bench
