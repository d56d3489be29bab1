#include "commands/ask.hpp"
#include "commands/search.hpp"
#include "commands/similarity.hpp"
#include "declare/declaration.hpp"

#include <memory>
#include <vector>

namespace kefu::cli {
namespace {

void add_question(CLI::App& command, std::string& question) {
  command.add_option("question", question, "the question, in quotes")->required()->type_name("QUESTION");
}

void declare_ask(CLI::App& app, Chosen& chosen) {
  const auto options = std::make_shared<AskOptions>();
  CLI::App& command = add_command(app, "ask", "ask a question; print the answer and what it was made of",
                                  "  kefu ask --kb shop \"运费谁出?\"\n"
                                  "  kefu ask --kb shop --json \"Who pays for return shipping?\"");
  add_kb(command, options->kb)->required();
  add_question(command, options->question);
  command.add_option("--session", options->session, "conversation that the question belongs to")
      ->type_name("ID");
  add_mode(command, options->mode);
  add_json(command, options->json);
  runs(command, chosen,
       [options](ApiClient& api, Console& console, Interrupt&) { return ask(*options, api, console); });
}

void declare_search(CLI::App& app, Chosen& chosen) {
  const auto options = std::make_shared<SearchOptions>();
  CLI::App& command = add_command(app, "search", "print the passages nearest to a question",
                                  "  kefu search --kb shop --top-k 10 \"PPR-9087 怎么清洗\"");
  add_kb(command, options->kb)->required();
  add_question(command, options->question);
  command.add_option("--top-k", options->top_k, "number of passages")
      ->check(CLI::Range(1, 50))
      ->capture_default_str();
  add_json(command, options->json);
  runs(command, chosen,
       [options](ApiClient& api, Console& console, Interrupt&) { return search(*options, api, console); });
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

void declare_questions(CLI::App& app, Chosen& chosen) {
  declare_ask(app, chosen);
  declare_search(app, chosen);
  declare_similarity(app, chosen);
}

}  // namespace kefu::cli
