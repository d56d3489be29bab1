#include "completion.hpp"

#include <CLI/CLI.hpp>

namespace kefu::cli {
namespace {

/// "MODE:{auto,extractive}" gives both words; a type without a set gives none.
std::vector<std::string> values_of(const std::string& type_name) {
  const std::size_t begin = type_name.find('{');
  const std::size_t end = type_name.find('}');
  if (begin == std::string::npos || end == std::string::npos) return {};
  return CLI::detail::split(type_name.substr(begin + 1, end - begin - 1), ',');
}

CompletedOption completed(const CLI::Option& option) {
  CompletedOption out;
  for (const std::string& name : option.get_lnames()) out.names.push_back("--" + name);
  for (const std::string& name : option.get_snames()) out.names.push_back("-" + name);
  const std::string type = option.get_type_name();
  out.description = option.get_description();
  out.takes_value = option.get_items_expected_max() > 0;
  out.values = values_of(type);
  out.is_file = type == "FILE";
  out.repeats = option.get_items_expected_max() > 1;
  return out;
}

void add_options(const CLI::App& app, CompletedCommand& command) {
  for (const CLI::Option* option : app.get_options({})) {
    CompletedOption out = completed(*option);
    if (option->get_positional()) {
      command.positionals.push_back(std::move(out));
    } else {
      command.options.push_back(std::move(out));
    }
  }
}

void add_commands(const CLI::App& app, const std::string& path, const CLI::App& root,
                  std::vector<CompletedCommand>& out) {
  CompletedCommand command{.path = path, .description = app.get_description()};
  add_options(app, command);
  if (&app != &root) {
    for (const CLI::Option* option : root.get_options({})) {
      const bool is_help = option->check_lname("help") || option->check_lname("version");
      if (!is_help) command.options.push_back(completed(*option));
    }
  }
  const auto children = app.get_subcommands({});
  for (const CLI::App* child : children) command.subcommands.push_back(child->get_name());
  out.push_back(std::move(command));
  for (const CLI::App* child : children)
    add_commands(*child, path.empty() ? child->get_name() : path + " " + child->get_name(), root, out);
}

}  // namespace

std::vector<CompletedCommand> completed_commands(const CLI::App& app) {
  std::vector<CompletedCommand> out;
  add_commands(app, "", app, out);
  return out;
}

}  // namespace kefu::cli
