#pragma once

#include "measure/eval_summary.hpp"

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <string>
#include <vector>

namespace kefu::cli {

/// A question whose result is not what its line expects.
struct EvalFailure {
  std::size_t line = 0;
  std::string question = {};
  std::string reason = {};
  std::vector<std::string> expected = {};
  std::vector<std::string> found = {};
};

/// A failure when no expected document stands first.
std::optional<EvalFailure> search_failure(const EvalQuestion& question, const SearchOutcome& outcome);
/// A failure when an answerable question was refused or its answer holds no expected text, when an
/// unanswerable one was answered, and when there was no answer at all.
std::optional<EvalFailure> ask_failure(const EvalQuestion& question, const AskOutcome& outcome);

nlohmann::json failure_json(const EvalFailure& failure);
/// For people.
std::vector<std::string> failure_lines(const EvalFailure& failure);

}  // namespace kefu::cli
