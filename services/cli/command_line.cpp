#include "command_line.hpp"

#include "declare/declaration.hpp"
#include "execute.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <iostream>

namespace kefu::cli {
namespace {

constexpr const char* kFooter =
    "Try:\n"
    "  kefu import --kb shop faq.csv handbook.md\n"
    "  kefu ask --kb shop \"运费谁出?\"\n"
    "  kefu COMMAND --help                       # what it takes, with an example\n\n"
    "Environment: KEFU_SERVER is the address, KEFU_API_KEY the key. Keys are never arguments.\n"
    "Exit status: 0; 1 the command failed; 2 the arguments make no sense; 130 interrupted.";

/// The command that the arguments name as far as there is one, and its words: "kefu docs".
struct Named {
  const CLI::App* command;
  std::string words;
};

Named named_command(const CLI::App& app) {
  Named named{&app, app.get_name()};
  while (!named.command->get_subcommands().empty()) {
    named.command = named.command->get_subcommands().front();
    named.words += " " + named.command->get_name();
  }
  return named;
}

/// What is wrong where a command is missing; CLI11 says the same of one that does not exist. Empty for other
/// errors.
std::string missing_command(const CLI::App& app, const Named& named) {
  const auto commands = named.command->get_subcommands({});
  if (commands.empty()) return {};
  const std::vector<std::string> unknown = app.remaining(true);
  const auto word = std::ranges::find_if(unknown, [](const auto& text) { return !text.starts_with('-'); });
  if (word != unknown.end()) return fmt::format("there is no command \"{} {}\"", named.words, *word);
  if (!unknown.empty()) return fmt::format("there is no option {}", unknown.front());
  std::string names;
  for (const CLI::App* command : commands) names += (names.empty() ? "" : ", ") + command->get_name();
  return fmt::format("\"{}\" needs a command, one of {}", named.words, names);
}

/// One sentence, and where to read on.
std::string explain(const CLI::ParseError& error, const CLI::App& app) {
  const Named named = named_command(app);
  std::string sentence;
  if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) sentence = missing_command(app, named);
  if (sentence.empty()) sentence = error.what();
  return fmt::format("{}: see {} --help", sentence, named.words);
}

/// What `function` declares stands in the help under `heading`.
void declare_group(CLI::App& app, Chosen& chosen, const char* heading, void (*function)(CLI::App&, Chosen&)) {
  const std::size_t before = app.get_subcommands({}).size();
  function(app, chosen);
  const auto commands = app.get_subcommands({});
  for (std::size_t i = before; i < commands.size(); ++i) commands[i]->group(heading);
}

void declare(CLI::App& app, Connection& connection, Chosen& chosen) {
  app.set_help_flag("-h,--help", "print this help and exit");
  app.set_version_flag("--version", "kefu " KEFU_VERSION, "print the version and exit");
  app.add_option("--server", connection.server, "address of the HTTP API")
      ->envname("KEFU_SERVER")
      ->type_name("URL")
      ->capture_default_str();
  app.add_option("--api-key-file", connection.api_key_file,
                 "file that holds the API key, before KEFU_API_KEY")
      ->type_name("FILE");
  app.require_subcommand(1);
  app.footer(kFooter);
  declare_group(app, chosen, "Start here", declare_questions);
  declare_group(app, chosen, "Look after the content", declare_content);
  declare_group(app, chosen, "Measure", declare_measuring);
  declare_group(app, chosen, "Access", declare_access);
  declare_group(app, chosen, "Cost", declare_usage);
  declare_group(app, chosen, "Shell", declare_completion);
}

}  // namespace

int run(int argc, const char* const* argv, Console& console) {
  CLI::App app(
      "Kefu answers customers' questions from your own FAQ and documents.\n"
      "This is a client of its HTTP API; make run starts a server on this machine.",
      "kefu");
  Connection connection;
  Chosen chosen;
  declare(app, connection, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked_for) {
    return app.exit(asked_for);  // help or version
  } catch (const CLI::ParseError& error) {
    console.error(explain(error, app));
    return 2;
  }
  if (chosen.local) return chosen.local(console);
  return execute(chosen.command, connection, console);
}

}  // namespace kefu::cli
