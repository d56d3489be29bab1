#include "report.hpp"

#include "logistic.hpp"

#include <fmt/format.h>
#include <fmt/os.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <iterator>
#include <map>
#include <utility>

namespace kefu::bench {
namespace {

constexpr std::size_t kFolds = 5;
constexpr std::array kThresholds{0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8};

std::vector<double> fitted_features(const answer::Features& features) {
  return {features.cosine, features.z, features.gap, features.coverage};
}

std::vector<Example> examples_of(const std::vector<Sample>& samples) {
  std::vector<Example> examples;
  for (const Sample& sample : samples)
    examples.push_back({fitted_features(sample.features), sample.right, sample.group % kFolds});
  return examples;
}

/// Shares of those questions that are answered from the threshold on.
struct Answered {
  std::size_t of = 0;
  std::size_t answered = 0;

  double share() const { return of == 0 ? 0 : static_cast<double>(answered) / static_cast<double>(of); }
};
/// By what is true of them: their nearest passage answers them, or it does not, by origin.
using Tally = std::map<std::pair<bool, Origin>, Answered>;

Tally tally(const std::vector<Sample>& samples, const std::vector<double>& confidences, double threshold) {
  Tally counted;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    Answered& place = counted[{samples[i].right, samples[i].origin}];
    ++place.of;
    place.answered += confidences[i] >= threshold;
  }
  return counted;
}

/// Half the share of right passages that are refused plus half that of wrong ones that are given.
double error_at(const std::vector<Sample>& samples, const std::vector<double>& confidences,
                double threshold) {
  Answered right, wrong;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    Answered& place = samples[i].right ? right : wrong;
    ++place.of;
    place.answered += confidences[i] >= threshold;
  }
  return (1 - right.share() + wrong.share()) / 2;
}

double best_threshold(const std::vector<Sample>& samples, const std::vector<double>& confidences) {
  double best = 0.5;
  for (int percent = 5; percent < 100; ++percent) {
    const double threshold = percent / 100.0;
    if (error_at(samples, confidences, threshold) < error_at(samples, confidences, best)) best = threshold;
  }
  return best;
}

void print_table(const std::vector<Sample>& samples, const std::vector<double>& confidences) {
  fmt::print("  answered from a confidence on:{:>32}", "");
  for (const double threshold : kThresholds) fmt::print("{:>6.1f}", threshold);
  fmt::print("\n");
  for (const auto& [key, of_all] : tally(samples, confidences, 0)) {
    const auto& [right, origin] = key;
    const std::string what =
        fmt::format("{}, nearest passage {} ({})", name(origin), right ? "right" : "wrong", of_all.of);
    fmt::print("    {:<58}", what);
    for (const double threshold : kThresholds)
      fmt::print("{:>5.0f}%", 100 * tally(samples, confidences, threshold)[key].share());
    fmt::print("\n");
  }
}

/// The model in its place, its bias moved so that the best threshold is 0.5.
void report_model(std::string_view kind, const std::vector<Sample>& samples, answer::LogisticModel& model) {
  const std::vector<Example> examples = examples_of(samples);
  const auto positives = std::ranges::count(samples, true, &Sample::right);
  if (positives == 0 || positives == std::ssize(samples)) {
    fmt::print("{}: no samples to fit it to\n", kind);
    return;
  }
  Logistic fitted = fit(examples);
  std::vector<double> confidences = cross_validated(examples, kFolds);
  const double threshold = best_threshold(samples, confidences);
  const double shift = std::log(threshold / (1 - threshold));
  fitted.bias -= shift;
  for (double& confidence : confidences)
    confidence = 1 / (1 + std::exp(-(std::log(confidence / (1 - confidence)) - shift)));

  fmt::print("{} fitted anew: {} samples, area under the curve {:.3f} in {} folds\n", kind, samples.size(),
             area_under_curve(examples, confidences), kFolds);
  print_table(samples, confidences);
  model.bias = fitted.bias;
  model.cosine = fitted.weights[0];
  model.z = fitted.weights[1];
  model.gap = fitted.weights[2];
  model.coverage = fitted.weights[3];
  model.likeness = 0;
  fmt::print("  {0}.bias={1:.1f},{0}.cosine={2:.1f},{0}.z={3:.2f},{0}.gap={4:.1f},{0}.coverage={5:.1f}\n",
             kind, model.bias, model.cosine, model.z, model.gap, model.coverage);
}

void report_present_model(std::string_view kind, const std::vector<Sample>& samples,
                          const answer::LogisticModel& model) {
  if (samples.empty()) return;
  std::vector<double> confidences;
  for (const Sample& sample : samples) {
    const answer::Features& f = sample.features;
    const Logistic all{{model.cosine, model.z, model.gap, model.coverage, model.likeness, model.exact},
                       model.bias};
    confidences.push_back(all.confidence(std::array{f.cosine, f.z, f.gap, f.coverage, f.likeness, f.exact}));
  }
  fmt::print("{} of this build: {} samples, area under the curve {:.3f}\n", kind, samples.size(),
             area_under_curve(examples_of(samples), confidences));
  print_table(samples, confidences);
}

void write(fmt::ostream& out, std::string_view kind, const std::vector<Sample>& samples) {
  for (const Sample& sample : samples) {
    const answer::Features& f = sample.features;
    out.print("{}\t{}\t{}\t{}\t{:.5f}\t{:.4f}\t{:.5f}\t{:.4f}\t{:.4f}\t{:.0f}\t{}\t{}\n", kind,
              name(sample.origin), int{sample.right}, sample.group, f.cosine, f.z, f.gap, f.coverage,
              f.likeness, f.exact, sample.nearest, sample.question);
  }
}

}  // namespace

void report_present(const Samples& samples, const answer::DecisionWeights& weights) {
  report_present_model("faq", samples.faq, weights.faq);
  report_present_model("text", samples.text, weights.text);
}

answer::DecisionWeights report_fit(const Samples& samples) {
  answer::DecisionWeights weights;
  report_model("faq", samples.faq, weights.faq);
  report_model("text", samples.text, weights.text);
  return weights;
}

void report_outcomes(std::string_view weights, std::vector<Outcome> outcomes) {
  std::ranges::sort(outcomes, std::greater{}, &Outcome::confidence);
  std::size_t good = 0;
  std::string lines;
  for (const Outcome& outcome : outcomes) {
    const bool refused = outcome.decision == kefu::v1::DECISION_REFUSED;
    const bool right =
        outcome.expected.empty()
            ? refused
            : !refused && std::ranges::find(outcome.expected, outcome.document) != outcome.expected.end();
    good += right;
    lines += fmt::format("  {} {:.2f} {:<14} {:<14} {}\n", right ? "right" : "WRONG", outcome.confidence,
                         outcome.expected.empty() ? "-" : outcome.expected.front(), outcome.document,
                         outcome.question);
  }
  fmt::print("{}: {} of {} questions of the sample right\n        {:<4} {:<14} {:<14}\n{}", weights, good,
             outcomes.size(), "", "expected", "nearest", lines);
}

void write_samples(const std::string& file, const Samples& samples) {
  auto out = fmt::output_file(file);
  out.print("kind\torigin\tright\tgroup\tcosine\tz\tgap\tcoverage\tlikeness\texact\tnearest\tquestion\n");
  write(out, "faq", samples.faq);
  write(out, "text", samples.text);
}

}  // namespace kefu::bench
