#include "commands/ask.hpp"
#include "commands/import.hpp"
#include "commands/search.hpp"
#include "commands/status.hpp"
#include "declare/declaration.hpp"

#include <memory>

namespace kefu::cli {
namespace {

void add_question(CLI::App& command, std::string& question) {
  command.add_option("question", question, "the question, in quotes")->required()->type_name("QUESTION");
}

void declare_import(CLI::App& app, Chosen& chosen) {
  const auto options = std::make_shared<ImportOptions>();
  CLI::App& command =
      add_command(app, "import", "import files into a knowledge base, which is created if it is missing",
                  "  kefu import --kb shop faq.csv handbook.md\n"
                  "  kefu import --kb shop --charset gb18030 旧版常见问题.csv");
  add_kb(command, options->kb)->required();
  command.add_option("files", options->files, "FAQ as .csv or .jsonl, documents as .md, .txt or .jsonl")
      ->required()
      ->type_name("FILE");
  command.add_option("--charset", options->charset, "of all files; without it the server finds out")
      ->check(CLI::IsMember(
          {"utf-8", "gb18030", "gbk", "gb2312", "utf-16", "utf-16le", "utf-16be", "big5", "windows-1252"}))
      ->type_name("CHARSET");
  add_no_wait(command, options->wait, "only upload; print the ids of the jobs");
  add_json(command, options->json);
  runs(command, chosen, [options](ApiClient& api, Console& console, Interrupt& interrupt) {
    return import_files(*options, api, console, interrupt);
  });
}

void declare_status(CLI::App& app, Chosen& chosen) {
  const auto options = std::make_shared<StatusOptions>();
  CLI::App& command = add_command(
      app, "status", "print whether the server is ready and what its knowledge bases hold", "  kefu status");
  add_kb(command, options->kb);
  add_json(command, options->json);
  runs(command, chosen,
       [options](ApiClient& api, Console& console, Interrupt&) { return status(*options, api, console); });
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
      ->type_name("N")
      ->capture_default_str();
  add_json(command, options->json);
  runs(command, chosen,
       [options](ApiClient& api, Console& console, Interrupt&) { return search(*options, api, console); });
}

}  // namespace

void declare_questions(CLI::App& app, Chosen& chosen) {
  declare_import(app, chosen);
  declare_ask(app, chosen);
  declare_search(app, chosen);
  declare_status(app, chosen);
}

}  // namespace kefu::cli
