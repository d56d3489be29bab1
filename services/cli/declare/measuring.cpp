#include "commands/bench.hpp"
#include "commands/eval.hpp"
#include "commands/similarity.hpp"
#include "declare/declaration.hpp"

#include <chrono>
#include <memory>

namespace kefu::cli {
namespace {

/// All latencies are kept in memory.
constexpr std::chrono::hours kLongestBench{1};

void add_gates(CLI::App& command, GateLimits& limits) {
  for (const Gate& gate : kGates) {
    command
        .add_option_function<double>(
            gate.option, [&limits, &gate](const double& limit) { limits[gate.option] = limit; },
            gate.description)
        ->check(not_negative())
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
      ->check(whole_number(1))
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

void add_load(CLI::App& command, const std::shared_ptr<BenchOptions>& options) {
  CLI::Option* rate =
      command
          .add_option("--rate", options->rate,
                      "requests a second, however long answers take; a latency counts from when it was due")
          ->check(CLI::Range(0.1, 100'000.0))
          ->type_name("N");
  command
      .add_option("--connections", options->connections, "requests at a time, each after the last's answer")
      ->check(CLI::Range(1, 1024))
      ->type_name("N")
      ->capture_default_str()
      ->excludes(rate);
  add_duration(command, "--duration", "such as 30s or 5m, at most 1h (10s if not given)", options->duration);
}

void declare_bench(CLI::App& app, Chosen& chosen) {
  const auto options = std::make_shared<BenchOptions>();
  CLI::App& command =
      add_command(app, "bench", "load the server; print latencies, throughput and a histogram",
                  "  kefu bench --kb shop \"运费谁出?\" --rate 500 --duration 30s\n"
                  "  kefu bench --kb shop --questions questions.txt --connections 8");
  add_kb(command, options->kb)->required();
  CLI::Option* question =
      command.add_option("question", options->question, "the question, in quotes")->type_name("QUESTION");
  CLI::Option* file = command
                          .add_option("--questions", options->questions_file,
                                      "questions in turn: one a line, or .jsonl as for eval")
                          ->type_name("FILE");
  file->excludes(question);
  command.add_option("--operation", options->operation, "what is asked for")
      ->check(CLI::IsMember({"ask", "search"}))
      ->type_name("NAME")
      ->capture_default_str();
  add_mode(command, options->mode);
  add_load(command, options);
  add_json(command, options->json);
  command.callback([&chosen, options, question, file] {
    if (options->duration > kLongestBench) throw CLI::ValidationError("--duration", "at most 1h");
    if (question->empty() && file->empty()) throw CLI::RequiredError("QUESTION or --questions");
    chosen.command = [options](ApiClient& api, Console& console, Interrupt& interrupt) {
      return bench(*options, api, console, interrupt);
    };
  });
}

void declare_similarity(CLI::App& app, Chosen& chosen) {
  const auto options = std::make_shared<SimilarityOptions>();
  CLI::App& command =
      add_command(app, "similarity", "print how near texts are to each other for the embedding model",
                  "  kefu similarity \"怎么退货\" \"我想退掉这双鞋\" \"营业时间\"");
  command.add_option("texts", options->texts, "two or more texts")
      ->required()
      ->expected(2, 64)
      ->type_name("TEXT");
  add_json(command, options->json);
  runs(command, chosen, [options](ApiClient& api, Console& console, Interrupt&) {
    return similarity(*options, api, console);
  });
}

}  // namespace

void declare_measuring(CLI::App& app, Chosen& chosen) {
  declare_eval(app, chosen);
  declare_bench(app, chosen);
  declare_similarity(app, chosen);
}

}  // namespace kefu::cli
