#include "commands/eval.hpp"
#include "declare/declaration.hpp"

#include <memory>

namespace kefu::cli {
namespace {

void add_gates(CLI::App& command, GateLimits& limits) {
  for (const Gate& gate : kGates) {
    command
        .add_option_function<double>(
            gate.option, [&limits, &gate](const double& limit) { limits[gate.option] = limit; },
            gate.description)
        ->check(CLI::NonNegativeNumber)
        ->type_name("X")
        ->group("Limits: exit status 1 where one does not hold");
  }
}

void declare_eval(CLI::App& app, Chosen& chosen) {
  const auto options = std::make_shared<EvalOptions>();
  CLI::App& command = add_command(
      app, "eval", "measure search and answers over questions whose answers are known",
      "  kefu eval --kb shop questions.jsonl --failures\n"
      "  kefu eval --kb shop questions.jsonl --search-only --min-recall-1 0.9   # in CI\n\n"
      "A line of the file, of which only the question is needed:\n"
      "  {\"question\": \"运费谁出?\", \"documents\": [\"R03\"], \"answers\": [\"由您承担\"], "
      "\"answerable\": true}\n"
      "documents: ids of rows (or names of files), any of which is a hit; answers: texts, any of which the\n"
      "answer must contain; answerable: false for what must be refused.");
  add_kb(command, options->kb)->required();
  command.add_option("file", options->file, "the questions, a JSON object a line")
      ->required()
      ->type_name("FILE");
  CLI::Option* search_only =
      command.add_flag_callback("--search-only", [options] { options->ask = false; }, "only search");
  command.add_flag_callback(
             "--ask-only", [options] { options->search = false; }, "only ask")
      ->excludes(search_only);
  command.add_option("--limit", options->limit, "only the first N questions")
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  command.add_option("--concurrency", options->concurrency, "requests at a time")
      ->check(CLI::Range(1, 256))
      ->type_name("N")
      ->capture_default_str();
  add_mode(command, options->mode);
  command.add_flag("--failures", options->failures, "list the questions that failed, with what was found");
  add_json(command, options->json);
  add_gates(command, options->gates);
  runs(command, chosen, [options](ApiClient& api, Console& console, Interrupt& interrupt) {
    return eval(*options, api, console, interrupt);
  });
}

}  // namespace

void declare_measuring(CLI::App& app, Chosen& chosen) { declare_eval(app, chosen); }

}  // namespace kefu::cli
