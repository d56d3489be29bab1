#include "report.hpp"

#include "logistic.hpp"

#include <fmt/format.h>
#include <fmt/os.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>
#include <random>
#include <utility>
#include <vector>

namespace kefu::bench {
namespace {

constexpr std::size_t kFolds = 10;
/// Times that questions are dealt to the folds anew: one deal more or less is worth two questions of the
/// sample.
constexpr std::size_t kDeals = 8;
/// All sets but the first together, beside the first.
constexpr double kOtherSets = 0.5;
constexpr std::array kThresholds{0.3, 0.4, 0.5, 0.6, 0.7};

using answer::DecisionWeights;

struct Best {
  const Candidate* candidate = nullptr;  ///< null without hits
  double confidence = 0;
};

Best most_confident(const AskedQuestion& question, const DecisionWeights& weights) {
  Best best;
  for (const Candidate& candidate : question.candidates) {
    const auto& model = candidate.is_faq ? weights.faq : weights.text;
    const double confidence = answer::confidence_of(candidate.features, model, weights.missing_code);
    if (best.candidate == nullptr || confidence > best.confidence) best = {&candidate, confidence};
  }
  return best;
}

/// Shares of the questions that have an answer, and of those that have none. May be sums over several deals.
struct Counts {
  double answerable = 0;
  double right = 0;
  double wrong = 0;
  double unanswerable = 0;
  double refused = 0;  ///< of the unanswerable

  void add(const AskedQuestion& question, const Best& best, double threshold) {
    const bool answered = best.candidate != nullptr && best.confidence >= threshold;
    if (question.expected.empty()) {
      ++unanswerable;
      refused += answered ? 0 : 1;
    } else {
      ++answerable;
      if (answered) ++(best.candidate->right ? right : wrong);
    }
  }
};

std::string percent(double part, double whole) {
  return whole == 0 ? "-" : fmt::format("{:.0f}%", 100 * part / whole);
}

/// `counts_at(set, threshold)`.
template <class CountsAt>
void print_table(std::span<const QuestionSet> sets, CountsAt counts_at) {
  fmt::print("  {:<34}", "right, wrong / refused, from");
  for (const double threshold : kThresholds) fmt::print("{:>16.1f}", threshold);
  fmt::print("\n");
  for (const QuestionSet& set : sets) {
    fmt::print("  {:<34}", fmt::format("{} ({})", set.name, set.questions.size()));
    for (const double threshold : kThresholds) {
      const Counts counts = counts_at(set, threshold);
      fmt::print("{:>16}", fmt::format("{}, {} / {}", percent(counts.right, counts.answerable),
                                       percent(counts.wrong, counts.answerable),
                                       percent(counts.refused, counts.unanswerable)));
    }
    fmt::print("\n");
  }
}

std::vector<double> fitted_features(const Candidate& candidate) {
  const answer::Features& f = candidate.features;
  return {f.cosine, f.gap, f.coverage_gap, f.lexical, candidate.is_faq ? 1.0 : 0.0};
}

/// `shift`: added to the logarithm of the odds.
DecisionWeights weights_of(const Linear& fitted, double shift) {
  DecisionWeights weights;
  for (answer::LogisticModel* model : {&weights.text, &weights.faq}) {
    model->bias = fitted.bias + shift + (model == &weights.faq ? fitted.weights[4] : 0);
    model->cosine = fitted.weights[0];
    model->gap = fitted.weights[1];
    model->coverage = 0;
    model->coverage_gap = fitted.weights[2];
    model->lexical = fitted.weights[3];
    model->likeness = 0;
  }
  return weights;
}

using Folds = std::map<std::pair<const QuestionSet*, std::size_t>, std::size_t>;

/// A fold for each group of each set.
Folds deal(std::span<const QuestionSet> sets, std::size_t number) {
  Folds folds;
  std::mt19937 random(static_cast<std::mt19937::result_type>(number));
  for (const QuestionSet& set : sets) {
    std::size_t groups = 0;
    for (const AskedQuestion& question : set.questions) groups = std::max(groups, question.group + 1);
    std::vector<std::size_t> order(groups);
    std::iota(order.begin(), order.end(), 0);
    std::ranges::shuffle(order, random);
    for (std::size_t i = 0; i < groups; ++i) folds[{&set, order[i]}] = i % kFolds;
  }
  return folds;
}

/// A hit that lacks a model code is no option, whatever else speaks for it.
std::vector<Choice> choices_of(std::span<const QuestionSet> sets, const Folds& folds) {
  std::vector<Choice> choices;
  const auto first = static_cast<double>(sets.front().questions.size());
  for (const QuestionSet& set : sets) {
    const auto size = static_cast<double>(set.questions.size() * (sets.size() - 1));
    const double weight = &set == &sets.front() ? 1 : kOtherSets * first / size;
    for (const AskedQuestion& question : set.questions) {
      Choice choice{.options = {}, .weight = weight, .fold = folds.at({&set, question.group})};
      for (const Candidate& candidate : question.candidates) {
        if (candidate.features.missing_code == 0)
          choice.options.push_back({fitted_features(candidate), candidate.right});
      }
      if (!choice.options.empty()) choices.push_back(std::move(choice));
    }
  }
  return choices;
}

/// Each question decided by models that were not fitted to it, once for each deal.
class HeldOut {
 public:
  explicit HeldOut(std::span<const QuestionSet> sets) {
    for (std::size_t number = 0; number < kDeals; ++number) {
      const Folds folds = deal(sets, number);
      const std::vector<Linear> models = fit_folds(choices_of(sets, folds), kFolds);
      for (const QuestionSet& set : sets) {
        for (const AskedQuestion& question : set.questions) {
          const auto weights = weights_of(models[folds.at({&set, question.group})], 0);
          best_[&set].emplace_back(&question, most_confident(question, weights));
        }
      }
    }
  }

  Counts counts(const QuestionSet& set, double threshold, double shift) const {
    Counts counts;
    const double unshifted = 1 / (1 + std::exp(shift) * (1 / threshold - 1));
    for (const auto& [question, best] : best_.at(&set)) counts.add(*question, best, unshifted);
    return counts;
  }

 private:
  std::map<const QuestionSet*, std::vector<std::pair<const AskedQuestion*, Best>>> best_;
};

/// What to add to the log odds so that 0.5 decides as many questions of the set right as possible.
double best_shift(const HeldOut& held_out, const QuestionSet& set) {
  const auto decided_right = [&](double shift) {
    const Counts counts = held_out.counts(set, 0.5, shift);
    return counts.right + counts.refused;
  };
  double best = 0;
  for (int tenths = -30; tenths <= 30; ++tenths)
    if (const double shift = tenths / 10.0; decided_right(shift) > decided_right(best)) best = shift;
  return best;
}

void print_weights(const DecisionWeights& weights) {
  for (const auto& [kind, model] : {std::pair{"faq", &weights.faq}, std::pair{"text", &weights.text}}) {
    fmt::print(
        "  "
        "{0}.bias={1:.1f},{0}.cosine={2:.1f},{0}.gap={3:.1f},{0}.coverage_gap={4:.2f},{0}.lexical={5:.2f}\n",
        kind, model->bias, model->cosine, model->gap, model->coverage_gap, model->lexical);
  }
}

}  // namespace

void report_weights(std::string_view weights_name, std::span<const QuestionSet> sets,
                    const DecisionWeights& weights) {
  fmt::print("{}\n", weights_name);
  print_table(sets, [&](const QuestionSet& set, double threshold) {
    Counts counts;
    for (const AskedQuestion& question : set.questions)
      counts.add(question, most_confident(question, weights), threshold);
    return counts;
  });
}

DecisionWeights report_fit(std::span<const QuestionSet> sets) {
  const HeldOut held_out(sets);
  const double shift = best_shift(held_out, sets.front());
  fmt::print("fitted anew, each question held out: {} folds, dealt {} times\n", kFolds, kDeals);
  print_table(
      sets, [&](const QuestionSet& set, double threshold) { return held_out.counts(set, threshold, shift); });
  const DecisionWeights weights = weights_of(fit(choices_of(sets, deal(sets, 0))), shift);
  print_weights(weights);
  return weights;
}

void report_questions(const QuestionSet& set, const DecisionWeights& weights) {
  std::vector<std::pair<const AskedQuestion*, Best>> all;
  for (const AskedQuestion& question : set.questions)
    all.emplace_back(&question, most_confident(question, weights));
  std::ranges::sort(all, std::greater{}, [](const auto& entry) { return entry.second.confidence; });
  fmt::print("         {:<18} {:<18}\n", "expected", "most confident");
  for (const auto& [question, best] : all) {
    Counts counts;
    counts.add(*question, best, 0.5);
    fmt::print("  {} {:.2f} {:<18} {:<18} {}\n", counts.right + counts.refused > 0 ? "right" : "WRONG",
               best.confidence, question->expected.empty() ? "-" : question->expected.front(),
               best.candidate == nullptr ? "" : best.candidate->document, question->text);
  }
}

void write_samples(const std::string& file, std::span<const QuestionSet> sets) {
  auto out = fmt::output_file(file);
  out.print(
      "set\tgroup\tanswerable\tkind\tright\tcosine\tgap\tcoverage\tcoverage_gap\tlexical\tlikeness\texact\t"
      "missing_code\tdocument\tquestion\n");
  for (const QuestionSet& set : sets) {
    for (const AskedQuestion& question : set.questions) {
      for (const auto& [f, is_faq, right, document] : question.candidates) {
        out.print("{}\t{}\t{:d}\t{}\t{:d}\t{:.5f}\t{:.5f}\t{:.4f}\t{:.4f}\t{:.4f}\t{:.4f}\t{}\t{}\t{}\t{}\n",
                  set.name, question.group, !question.expected.empty(), is_faq ? "faq" : "text", right,
                  f.cosine, f.gap, f.coverage, f.coverage_gap, f.lexical, f.likeness, f.exact, f.missing_code,
                  document, question.text);
      }
    }
  }
}

}  // namespace kefu::bench
