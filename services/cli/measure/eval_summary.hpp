#pragma once

#include "measure/eval_questions.hpp"
#include "measure/latencies.hpp"
#include "measure/ranking.hpp"

#include <nlohmann/json_fwd.hpp>

#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kefu::cli {

/// What a search gave; without an answer of the server, `error` says why, and nothing was found.
struct SearchOutcome {
  std::vector<std::string> documents = {};
  std::string error = {};
  bool degraded = false;
  Latencies::Duration time{};
};

struct AskOutcome {
  std::string answer = {};
  std::string decision = {};
  std::string error = {};
  bool degraded = false;
  Latencies::Duration time{};

  bool answered() const { return error.empty() && decision != "refused"; }
  bool refused() const { return error.empty() && decision == "refused"; }
};

/// Share of `part` in `whole`; nullopt when there is nothing to measure.
struct Share {
  std::size_t part = 0;
  std::size_t whole = 0;

  std::optional<double> value() const {
    if (whole == 0) return std::nullopt;
    return static_cast<double>(part) / static_cast<double>(whole);
  }
  void count(bool is_part) {
    ++whole;
    if (is_part) ++part;
  }
};

/// Of the questions that name documents. A search that failed counts as one that found nothing.
class SearchSummary {
 public:
  void add(const EvalQuestion& question, const SearchOutcome& outcome);

  RankingQuality ranking;
  Latencies latencies;  ///< of searches that succeeded
  std::size_t errors = 0;
  std::size_t degraded = 0;
};

/// Of all questions. One that failed was neither answered nor refused.
class AskSummary {
 public:
  void add(const EvalQuestion& question, const AskOutcome& outcome);

  std::size_t questions = 0;
  Share contained;  ///< of the questions that name answers
  Share refused_answerable;
  Share answered_unanswerable;
  std::map<std::string, std::size_t> decisions;
  Latencies latencies;  ///< of questions that succeeded
  std::size_t errors = 0;
  std::size_t degraded = 0;
};

struct EvalSummary {
  std::optional<SearchSummary> search;
  std::optional<AskSummary> ask;
};

/// A limit that the command can be given: below a minimum or above a maximum, it fails.
struct Gate {
  const char* option;
  const char* description;
  bool is_minimum;
  /// nullopt when it was not measured.
  std::optional<double> (*measured)(const EvalSummary& summary);

  bool holds(double measured_value, double limit) const {
    return is_minimum ? measured_value >= limit : measured_value <= limit;
  }
};
extern const std::array<Gate, 9> kGates;

/// Limits by the option of their gate.
using GateLimits = std::map<std::string, double>;

nlohmann::json summary_json(const EvalSummary& summary);
/// [{"gate", "limit", "value", "passed"}]; `value` is null where nothing was measured, which does not pass.
nlohmann::json gates_json(const EvalSummary& summary, const GateLimits& limits);
/// For people.
std::vector<std::string> summary_lines(const EvalSummary& summary);

}  // namespace kefu::cli
