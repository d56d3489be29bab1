#include "commands/delete.hpp"
#include "commands/docs.hpp"
#include "declare/declaration.hpp"

#include <memory>

namespace kefu::cli {
namespace {

using RowFunction = Task<int> (*)(RowOptions, ApiClient&, Console&, Interrupt&);
using DocsFunction = Task<int> (*)(DocsOptions, ApiClient&, Console&);

CLI::Option* add_filename(CLI::App& command, std::string& filename) {
  return command.add_option("filename", filename, "the document, by the name it was imported under")
      ->required()
      ->check(not_empty())
      ->type_name("FILENAME");
}

void declare_list_and_show(CLI::App& docs, Chosen& chosen) {
  const auto declare = [&](const char* name, const char* description, const char* example,
                           DocsFunction function) {
    const auto options = std::make_shared<DocsOptions>();
    CLI::App& command = add_command(docs, name, description, example);
    add_kb(command, options->kb)->required();
    if (function == show_document) {
      add_filename(command, options->filename);
      command.add_option("--limit", options->limit, "rows; 0: all")
          ->check(whole_number(0))
          ->type_name("N")
          ->capture_default_str();
    }
    add_json(command, options->json);
    runs(command, chosen, [options, function](ApiClient& api, Console& console, Interrupt&) {
      return function(*options, api, console);
    });
  };
  declare("list", "list the documents of a knowledge base", "  kefu docs list --kb shop", list_documents);
  declare("show", "print a document with its rows and passages",
          "  kefu docs show --kb shop faq.csv --limit 0", show_document);
}

void declare_delete(CLI::App& docs, Chosen& chosen) {
  const auto options = std::make_shared<DeleteOptions>();
  CLI::App& command = add_command(docs, "delete", "delete a document with all its rows",
                                  "  kefu docs delete --kb shop faq.csv");
  add_kb(command, options->kb)->required();
  add_filename(command, options->filename);
  add_no_wait(command, options->wait, "do not wait until the document is gone");
  add_json(command, options->json);
  runs(command, chosen, [options](ApiClient& api, Console& console, Interrupt& interrupt) {
    return delete_from(*options, api, console, interrupt);
  });
}

/// A field that may be given as empty, which is not the same as not given. What runs the command keeps
/// `options`; `name` is a literal.
void add_field(CLI::App& command, RowOptions& options, const char* name, const char* description) {
  command
      .add_option_function<std::string>(
          std::string("--") + name,
          [&options, name](const std::string& value) { options.fields[name] = value; }, description)
      ->type_name("TEXT");
}

void add_fields(CLI::App& command, RowOptions& options) {
  add_field(command, options, "question", "FAQ: the main phrasing");
  add_field(command, options, "answer", "FAQ: the answer");
  CLI::Option* similar = command.add_option_function<std::vector<std::string>>(
      "--similar",
      [&options](const std::vector<std::string>& given) {
        // Once and empty: no other phrasing.
        const bool none = given.size() == 1 && given.front().empty();
        options.fields["similar"] = none ? nlohmann::json::array() : nlohmann::json(given);
      },
      "FAQ: another phrasing; may be repeated, and replaces all; \"\" for none");
  one_each_time(similar)->type_name("TEXT");
  add_field(command, options, "category", "FAQ: category");
  add_field(command, options, "id", "id of the row");
  add_field(command, options, "title", "JSONL document: title");
  add_field(command, options, "text", "JSONL document: text");
  add_field(command, options, "url", "JSONL document: address");
}

struct RowCommand {
  const char* name;
  const char* description;
  const char* example;
  RowFunction function;
  bool names_row;
  bool has_fields;
};

void declare_row_command(CLI::App& docs, Chosen& chosen, const RowCommand& declared) {
  const auto options = std::make_shared<RowOptions>();
  CLI::App& command = add_command(docs, declared.name, declared.description, declared.example);
  add_kb(command, options->kb)->required();
  add_filename(command, options->filename);
  if (declared.names_row) {
    command.add_option("row", options->row, "its number, from 1")
        ->required()
        ->check(whole_number(1))
        ->type_name("ROW");
  }
  if (declared.has_fields) add_fields(command, *options);
  command.add_option("--version", options->version, "fail unless the document is still of this version")
      ->check(whole_number(1))
      ->type_name("N");
  add_no_wait(command, options->wait, "do not wait until the change is visible");
  add_json(command, options->json);
  runs(command, chosen,
       [options, function = declared.function](ApiClient& api, Console& console, Interrupt& interrupt) {
         return function(*options, api, console, interrupt);
       });
}

}  // namespace

void declare_documents(CLI::App& app, Chosen& chosen) {
  CLI::App& docs = add_command(app, "docs", "list, show, delete and edit documents",
                               "  kefu docs list --kb shop\n"
                               "  kefu docs edit-row --kb shop faq.csv 3 --answer \"8:00-22:00\"");
  docs.require_subcommand(1);
  declare_list_and_show(docs, chosen);
  declare_delete(docs, chosen);
  declare_row_command(docs, chosen,
                      {"edit-row", "change fields of one row; what is not given stays",
                       "  kefu docs edit-row --kb shop faq.csv 3 --answer \"8:00-22:00\" --category \"\"",
                       edit_row, true, true});
  declare_row_command(
      docs, chosen,
      {"add-row", "add a row at the end",
       "  kefu docs add-row --kb shop faq.csv --question \"几点开门?\" --answer \"8:00\" --similar "
       "\"营业时间\"",
       add_row, false, true});
  declare_row_command(docs, chosen,
                      {"remove-row", "remove a row; the others keep their numbers",
                       "  kefu docs remove-row --kb shop faq.csv 3", remove_row, true, false});
}

}  // namespace kefu::cli
