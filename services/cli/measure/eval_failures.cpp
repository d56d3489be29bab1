#include "measure/eval_failures.hpp"

#include "display_text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace kefu::cli {
namespace {

constexpr std::size_t kTextWidth = 160;

EvalFailure failure_of(const EvalQuestion& question, std::string reason) {
  return {.line = question.line, .question = question.question, .reason = std::move(reason)};
}

std::string listed(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : " · ") + fit(one_line(text), kTextWidth);
  return out.empty() ? "nothing" : out;
}

}  // namespace

std::optional<EvalFailure> search_failure(const EvalQuestion& question, const SearchOutcome& outcome) {
  const std::size_t rank = rank_of_first(outcome.documents, question.documents);
  if (rank == 1) return std::nullopt;
  std::string reason = rank == 0 ? "no expected document was found"
                                 : fmt::format("the first expected document stands at {}", rank);
  if (!outcome.error.empty()) reason = "the search failed: " + outcome.error;
  EvalFailure failure = failure_of(question, std::move(reason));
  failure.expected = question.documents;
  failure.found = outcome.documents;
  return failure;
}

std::optional<EvalFailure> ask_failure(const EvalQuestion& question, const AskOutcome& outcome) {
  std::string reason;
  const bool answerable = question.answerable.value_or(false);
  const bool unanswerable = !question.answerable.value_or(true);
  if (!outcome.error.empty()) {
    reason = "the question failed: " + outcome.error;
  } else if (answerable && outcome.refused()) {
    reason = "it is answerable, but was refused";
  } else if (unanswerable && outcome.answered()) {
    reason = "it is not answerable, but was answered";
  } else if (answerable && !question.answers.empty() && !contains_any(outcome.answer, question.answers)) {
    reason = "the answer holds no expected text";
  } else {
    return std::nullopt;
  }
  EvalFailure failure = failure_of(question, std::move(reason));
  failure.expected = question.answers;
  if (outcome.error.empty()) failure.found = {outcome.answer};
  return failure;
}

nlohmann::json failure_json(const EvalFailure& failure) {
  return {{"line", failure.line},
          {"question", failure.question},
          {"reason", failure.reason},
          {"expected", failure.expected},
          {"found", failure.found}};
}

std::vector<std::string> failure_lines(const EvalFailure& failure) {
  std::vector<std::string> lines{
      fmt::format("line {}: {}", failure.line, fit(one_line(failure.question), kTextWidth)),
      "  " + one_line(failure.reason)};
  if (!failure.expected.empty()) lines.push_back("  expected  " + listed(failure.expected));
  lines.push_back("  found     " + listed(failure.found));
  return lines;
}

}  // namespace kefu::cli
