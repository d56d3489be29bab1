#include "commands/delete.hpp"
#include "commands/import.hpp"
#include "commands/status.hpp"
#include "declare/declaration.hpp"

#include <memory>

namespace kefu::cli {
namespace {

void declare_import(CLI::App& app, Chosen& chosen) {
  const auto options = std::make_shared<ImportOptions>();
  CLI::App& command =
      add_command(app, "import", "import files into a knowledge base, which is created if it is missing",
                  "  kefu import --kb shop faq.csv handbook.md");
  add_kb(command, options->kb)->required();
  command.add_option("files", options->files, "FAQ as .csv or .jsonl, documents as .md, .txt or .jsonl")
      ->required()
      ->type_name("FILE");
  add_no_wait(command, options->wait, "only upload; print the ids of the jobs");
  runs(command, chosen, [options](ApiClient& api, Console& console, Interrupt&) {
    return import_files(*options, api, console);
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

void declare_delete(CLI::App& app, Chosen& chosen) {
  const auto options = std::make_shared<DeleteOptions>();
  CLI::App& command =
      add_command(app, "delete", "delete a document, or without FILENAME the whole knowledge base",
                  "  kefu delete --kb shop faq.csv");
  add_kb(command, options->kb)->required();
  command.add_option("filename", options->filename, "the document, by the name it was imported under")
      ->check(not_empty())
      ->type_name("FILENAME");
  command.add_flag("--yes", options->yes, "do not ask before a knowledge base is deleted");
  add_no_wait(command, options->wait, "do not wait until the document is gone");
  runs(command, chosen, [options](ApiClient& api, Console& console, Interrupt&) {
    return delete_from(*options, api, console);
  });
}

}  // namespace

void declare_content(CLI::App& app, Chosen& chosen) {
  declare_import(app, chosen);
  declare_status(app, chosen);
  declare_delete(app, chosen);
}

}  // namespace kefu::cli
