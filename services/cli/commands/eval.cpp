#include "commands/eval.hpp"

#include "concurrency.hpp"
#include "display_text.hpp"
#include "measure/eval_failures.hpp"
#include "measure/eval_requests.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace kefu::cli {
namespace {

using nlohmann::json;

constexpr std::size_t kShownErrors = 20;

/// One pass over the questions with one kind of request: search() or ask().
template <class Outcome, class Summary>
class Pass {
 public:
  using Request = Task<Result<Outcome>> (EvalRequests::*)(std::string) const;
  using Judge = std::optional<EvalFailure> (*)(const EvalQuestion&, const Outcome&);

  Pass(const char* name, Request request, Judge judge, const EvalRequests& requests,
       std::vector<const EvalQuestion*> questions, Console& console, const Interrupt& interrupt)
      : name_(name),
        request_(request),
        judge_(judge),
        requests_(requests),
        questions_(std::move(questions)),
        outcomes_(questions_.size()),
        console_(console),
        interrupt_(interrupt) {}

  /// Errors: one that every question would meet.
  Task<Result<>> run(std::size_t concurrency) {
    co_await for_each_concurrently(questions_.size(), concurrency, [this](std::size_t i) { return one(i); });
    console_.clear_progress();
    if (error_) co_return fail(*error_);
    co_return Result<>{};
  }

  /// In the order of the file, whatever that of the replies was.
  Summary summary() const {
    Summary out;
    for_each_outcome(
        [&](const EvalQuestion& question, const Outcome& outcome) { out.add(question, outcome); });
    return out;
  }
  void add_failures(std::vector<EvalFailure>& failures) const {
    for_each_outcome([&](const EvalQuestion& question, const Outcome& outcome) {
      if (auto failure = judge_(question, outcome)) failures.push_back(*std::move(failure));
    });
  }
  std::string first_error() const {
    std::string first;
    for_each_outcome([&](const EvalQuestion&, const Outcome& outcome) {
      if (first.empty()) first = outcome.error;
    });
    return first;
  }

 private:
  Task<void> one(std::size_t i) {
    if (error_ || interrupt_.requested) co_return;
    auto outcome = co_await (requests_.*request_)(questions_[i]->question);
    if (outcome) {
      outcomes_[i] = *std::move(outcome);
    } else {
      error_ = std::move(outcome).error();
    }
    ++done_;
    console_.progress(name_, static_cast<double>(done_) / static_cast<double>(questions_.size()),
                      fmt::format("{}/{}", grouped(done_), grouped(questions_.size())));
  }

  template <class Use>
  void for_each_outcome(Use use) const {
    for (std::size_t i = 0; i < outcomes_.size(); ++i) {
      if (outcomes_[i]) use(*questions_[i], *outcomes_[i]);
    }
  }

  const char* name_;
  Request request_;
  Judge judge_;
  const EvalRequests& requests_;
  std::vector<const EvalQuestion*> questions_;
  std::vector<std::optional<Outcome>> outcomes_;
  Console& console_;
  const Interrupt& interrupt_;
  std::size_t done_ = 0;
  std::optional<Error> error_;
};

struct Evaluation {
  EvalSummary summary;
  std::vector<EvalFailure> failures = {};
  std::string first_error = {};
};

template <class Outcome, class Summary>
Task<Result<>> run_pass(Pass<Outcome, Summary> pass, std::size_t concurrency, std::optional<Summary>& summary,
                        Evaluation& evaluation) {
  KEFU_CO_CHECK(co_await pass.run(concurrency));
  summary = pass.summary();
  pass.add_failures(evaluation.failures);
  if (evaluation.first_error.empty()) evaluation.first_error = pass.first_error();
  co_return Result<>{};
}

Task<Result<Evaluation>> evaluate(const EvalOptions& options, const std::vector<EvalQuestion>& questions,
                                  ApiClient& api, Console& console, const Interrupt& interrupt) {
  const EvalRequests requests(api, options.kb, options.mode);
  std::vector<const EvalQuestion*> all;
  std::vector<const EvalQuestion*> with_documents;
  for (const EvalQuestion& question : questions) {
    all.push_back(&question);
    if (!question.documents.empty()) with_documents.push_back(&question);
  }
  Evaluation out;
  if (options.search) {
    Pass<SearchOutcome, SearchSummary> pass("search", &EvalRequests::search, &search_failure, requests,
                                            with_documents, console, interrupt);
    KEFU_CO_CHECK(co_await run_pass(std::move(pass), options.concurrency, out.summary.search, out));
  }
  if (options.ask) {
    Pass<AskOutcome, AskSummary> pass("ask", &EvalRequests::ask, &ask_failure, requests, all, console,
                                      interrupt);
    KEFU_CO_CHECK(co_await run_pass(std::move(pass), options.concurrency, out.summary.ask, out));
  }
  co_return out;
}

void print_gates(const json& gates, Console& console) {
  for (const json& gate : gates) {
    if (gate["passed"].get<bool>()) continue;
    const std::string value =
        gate["value"].is_null() ? "nothing was measured" : fmt::format("{:.6g}", gate["value"].get<double>());
    console.error(fmt::format("--{} {:.6g} does not hold: {}", gate["gate"].get<std::string>(),
                              gate["limit"].get<double>(), value));
  }
}

void print(const EvalOptions& options, const Evaluation& evaluation, const json& gates, Console& console) {
  if (options.json) {
    json out = summary_json(evaluation.summary);
    out["kb"] = options.kb;
    out["file"] = options.file;
    if (!gates.empty()) out["gates"] = gates;
    if (options.failures) {
      out["failures"] = json::array();
      for (const EvalFailure& failure : evaluation.failures) out["failures"].push_back(failure_json(failure));
    }
    console.json(out);
    return;
  }
  for (const std::string& line : summary_lines(evaluation.summary)) console.line(line);
  if (!options.failures) return;
  for (const EvalFailure& failure : evaluation.failures) {
    console.line();
    for (const std::string& line : failure_lines(failure)) console.line(line);
  }
}

/// nullopt, having told why, when the file cannot be used.
std::optional<std::vector<EvalQuestion>> questions_of(const EvalOptions& options, Console& console) {
  auto file = read_eval_file(options.file);
  if (!file) {
    console.error(file.error());
    return std::nullopt;
  }
  const std::size_t shown = std::min(file->errors.size(), kShownErrors);
  for (std::size_t i = 0; i < shown; ++i) console.error(file->errors[i]);
  if (shown < file->errors.size())
    console.error(fmt::format("and {} more bad lines", grouped(file->errors.size() - shown)));
  if (file->errors.empty() && file->questions.empty()) console.error(options.file + " holds no question");
  if (!file->errors.empty() || file->questions.empty()) return std::nullopt;
  if (options.limit != 0 && options.limit < file->questions.size()) file->questions.resize(options.limit);
  return std::move(file->questions);
}

}  // namespace

Task<int> eval(EvalOptions options, ApiClient& api, Console& console, Interrupt& interrupt) {
  const auto questions = questions_of(options, console);
  if (!questions) co_return 2;
  interrupt.graceful = true;
  const auto evaluation = co_await evaluate(options, *questions, api, console, interrupt);
  if (!evaluation) {
    console.error(evaluation.error());
    co_return 1;
  }
  const json gates = gates_json(evaluation->summary, options.gates);
  print(options, *evaluation, gates, console);
  print_gates(gates, console);
  if (!evaluation->first_error.empty())
    console.error("some questions failed, the first so: " + evaluation->first_error);
  if (interrupt.requested) console.error("interrupted: these are the questions until then");
  const bool passed = std::ranges::all_of(gates, [](const json& gate) { return gate["passed"].get<bool>(); });
  co_return passed && evaluation->first_error.empty() && !interrupt.requested ? 0 : 1;
}

}  // namespace kefu::cli
