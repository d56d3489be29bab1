#include "command_line.hpp"

#include "api_client.hpp"
#include "commands/ask.hpp"
#include "commands/delete.hpp"
#include "commands/import.hpp"
#include "commands/search.hpp"
#include "commands/similarity.hpp"
#include "commands/status.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <functional>
#include <iostream>
#include <utility>

namespace kefu::cli {
namespace {

using Command = std::function<Task<int>(ApiClient&, Console&)>;

/// The arguments of all commands; the one that was named sets `command`.
struct Arguments {
  std::string server = "http://127.0.0.1:8080";
  ImportOptions import;
  bool no_wait = false;
  AskOptions ask;
  SearchOptions search;
  StatusOptions status;
  std::vector<std::string> texts;
  DeleteOptions remove;
  Command command;
};

CLI::App* add_command(CLI::App& app, const char* name, const char* description) {
  CLI::App* command = app.add_subcommand(name, description);
  command->fallthrough();  // --server may also stand behind the command
  return command;
}

CLI::Option* add_kb(CLI::App& command, std::string& kb) {
  return command.add_option("--kb", kb, "name of the knowledge base")->type_name("NAME");
}

void add_import(CLI::App& app, Arguments& arguments) {
  CLI::App* command =
      add_command(app, "import", "import files into a knowledge base, which is created if it is missing");
  add_kb(*command, arguments.import.kb)->required();
  command->add_option("files", arguments.import.files, "FAQ as .csv or .jsonl, documents as .md or .txt")
      ->required()
      ->type_name("FILE");
  command->add_flag("--no-wait", arguments.no_wait, "only upload; print the ids of the jobs");
  command->callback([&arguments] {
    arguments.import.wait = !arguments.no_wait;
    arguments.command = [&arguments](ApiClient& api, Console& console) {
      return import_files(arguments.import, api, console);
    };
  });
}

void add_ask(CLI::App& app, Arguments& arguments) {
  CLI::App* command = add_command(app, "ask", "ask a question; print the answer and what it was made of");
  add_kb(*command, arguments.ask.kb)->required();
  command->add_option("question", arguments.ask.question, "the question, in quotes")
      ->required()
      ->type_name("QUESTION");
  command->add_option("--session", arguments.ask.session, "conversation that the question belongs to")
      ->type_name("ID");
  command->add_option("--mode", arguments.ask.mode, "auto, extractive (never a language model) or generative")
      ->check(CLI::IsMember({"auto", "extractive", "generative"}))
      ->type_name("MODE");
  command->add_flag("--json", arguments.ask.json, "print the answer as JSON");
  command->callback([&arguments] {
    arguments.command = [&arguments](ApiClient& api, Console& console) {
      return ask(arguments.ask, api, console);
    };
  });
}

void add_search(CLI::App& app, Arguments& arguments) {
  CLI::App* command = add_command(app, "search", "print the passages nearest to a question");
  add_kb(*command, arguments.search.kb)->required();
  command->add_option("question", arguments.search.question, "the question, in quotes")
      ->required()
      ->type_name("QUESTION");
  command->add_option("--top-k", arguments.search.top_k, "number of passages")
      ->check(CLI::Range(1, 50))
      ->capture_default_str();
  command->add_flag("--json", arguments.search.json, "print the passages as JSON");
  command->callback([&arguments] {
    arguments.command = [&arguments](ApiClient& api, Console& console) {
      return search(arguments.search, api, console);
    };
  });
}

void add_status(CLI::App& app, Arguments& arguments) {
  CLI::App* command =
      add_command(app, "status", "print whether the server is ready and what its knowledge bases hold");
  add_kb(*command, arguments.status.kb);
  command->add_flag("--json", arguments.status.json, "print everything as JSON");
  command->callback([&arguments] {
    arguments.command = [&arguments](ApiClient& api, Console& console) {
      return status(arguments.status, api, console);
    };
  });
}

void add_similarity(CLI::App& app, Arguments& arguments) {
  CLI::App* command =
      add_command(app, "similarity", "print how near texts are to each other for the embedding model");
  command->add_option("texts", arguments.texts, "two or more texts")
      ->required()
      ->expected(2, 64)
      ->type_name("TEXT");
  command->callback([&arguments] {
    arguments.command = [&arguments](ApiClient& api, Console& console) {
      return similarity(arguments.texts, api, console);
    };
  });
}

void add_delete(CLI::App& app, Arguments& arguments) {
  CLI::App* command =
      add_command(app, "delete", "delete a document, or without FILENAME the whole knowledge base");
  add_kb(*command, arguments.remove.kb)->required();
  command
      ->add_option("filename", arguments.remove.filename, "the document, by the name it was imported under")
      ->check(CLI::Validator([](const std::string& name) { return name.empty() ? "it is empty" : ""; }, ""))
      ->type_name("FILENAME");
  command->add_flag("--yes", arguments.remove.yes, "do not ask before a knowledge base is deleted");
  command->add_flag("--no-wait", arguments.no_wait, "do not wait until the document is gone");
  command->callback([&arguments] {
    arguments.remove.wait = !arguments.no_wait;
    arguments.command = [&arguments](ApiClient& api, Console& console) {
      return delete_from(arguments.remove, api, console);
    };
  });
}

/// CLI11 says that a command is missing where one was named that does not exist. Empty when none was.
std::string unknown_argument(const CLI::App& app) {
  if (!app.get_subcommands().empty()) return {};
  const std::vector<std::string> unknown = app.remaining();
  const auto command = std::ranges::find_if(unknown, [](const auto& word) { return !word.starts_with('-'); });
  if (command != unknown.end()) return fmt::format("there is no command \"{}\"", *command);
  return unknown.empty() ? "" : fmt::format("there is no option {}", unknown.front());
}

int execute(const Arguments& arguments, Console& console) {
  if (const auto url = http::parse_url(arguments.server); !url) {
    console.error("--server must be a URL such as http://127.0.0.1:8080, not \"" + arguments.server + "\"");
    return 2;
  }
  asio::io_context io(1);
  ApiClient api(io.get_executor(), arguments.server);
  int status = 1;
  bool finished = false;
  std::exception_ptr failure;
  asio::co_spawn(io, arguments.command(api, console), [&](std::exception_ptr exception, int result) {
    failure = exception;
    status = result;
    finished = true;
  });
  // Not until io has nothing to do: the client keeps connections open for later.
  while (!finished && io.run_one() > 0) {
  }
  if (failure) std::rethrow_exception(failure);
  return status;
}

}  // namespace

int run(int argc, const char* const* argv, Console& console) {
  CLI::App app(
      "Kefu answers customers' questions from your own FAQ and documents.\n"
      "This is a client of its HTTP API; make run starts a server on this machine.",
      "kefu");
  Arguments arguments;
  app.set_help_flag("-h,--help", "print this help and exit");
  app.set_version_flag("--version", "kefu " KEFU_VERSION, "print the version and exit");
  app.add_option("--server", arguments.server, "address of the HTTP API")
      ->envname("KEFU_SERVER")
      ->type_name("URL")
      ->capture_default_str();
  app.require_subcommand(1);
  app.footer("Try:\n  kefu import --kb shop faq.csv handbook.md\n  kefu ask --kb shop \"运费谁出?\"");
  add_import(app, arguments);
  add_ask(app, arguments);
  add_search(app, arguments);
  add_status(app, arguments);
  add_similarity(app, arguments);
  add_delete(app, arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::RequiredError& error) {
    const std::string unknown = unknown_argument(app);
    if (unknown.empty()) return app.exit(error) == 0 ? 0 : 2;
    console.error(unknown + ": see kefu --help");
    return 2;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return execute(arguments, console);
}

}  // namespace kefu::cli
