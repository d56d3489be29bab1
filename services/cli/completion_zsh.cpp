#include "completion.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace kefu::cli {
namespace {

/// For the inside of '...' and of [...] in an argument of _arguments.
std::string quoted(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else if (c == '[' || c == ']' || c == ':' || c == '\\') {
      out += std::string("\\") + c;
    } else {
      out += c;
    }
  }
  return out;
}

std::string function_of(const CompletedCommand& command, const std::string& program) {
  std::string name = "_" + program + (command.path.empty() ? "" : "_" + command.path);
  std::ranges::replace(name, ' ', '_');
  return name;
}

/// What follows the colon that announces a value.
std::string value_action(const CompletedOption& option) {
  if (!option.values.empty()) return fmt::format("({})", fmt::join(option.values, " "));
  return option.is_file ? "_files" : " ";
}

std::vector<std::string> specs_of(const CompletedCommand& command) {
  std::vector<std::string> specs;
  for (const CompletedOption& option : command.options) {
    const std::string value = option.takes_value ? ":value:" + value_action(option) : "";
    for (const std::string& name : option.names)
      specs.push_back(fmt::format("'*{}[{}]{}'", name, quoted(option.description), value));
  }
  if (!command.subcommands.empty()) {
    specs.emplace_back("'1: :->command'");
    specs.emplace_back("'*:: :->argument'");
  }
  std::size_t place = 0;
  for (const CompletedOption& positional : command.positionals) {
    const std::string where = positional.repeats ? "*" : std::to_string(++place);
    specs.push_back(
        fmt::format("'{}:{}:{}'", where, quoted(positional.description), value_action(positional)));
  }
  return specs;
}

const CompletedCommand* find(const std::vector<CompletedCommand>& commands, const std::string& path) {
  const auto found = std::ranges::find(commands, path, &CompletedCommand::path);
  return found == commands.end() ? nullptr : &*found;
}

std::string child_path(const CompletedCommand& command, const std::string& name) {
  return command.path.empty() ? name : command.path + " " + name;
}

std::string choices(const CompletedCommand& command, const std::vector<CompletedCommand>& commands,
                    const std::string& program) {
  std::string described;
  std::string calls;
  for (const std::string& name : command.subcommands) {
    const CompletedCommand* child = find(commands, child_path(command, name));
    if (child == nullptr) continue;
    described += fmt::format(" '{}:{}'", name, quoted(child->description));
    calls += fmt::format("        {}) {} ;;\n", name, function_of(*child, program));
  }
  return fmt::format(
      "  case $state in\n"
      "    command)\n"
      "      local -a commands=({} )\n"
      "      _describe command commands\n"
      "      ;;\n"
      "    argument)\n"
      "      case $words[1] in\n"
      "{}"
      "      esac\n"
      "      ;;\n"
      "  esac\n",
      described, calls);
}

}  // namespace

std::string zsh_completion(const std::vector<CompletedCommand>& commands, const std::string& program) {
  std::string out = fmt::format(
      "#compdef {0}\n# Completion of {0} for zsh: {0} completion zsh > \"${{fpath[1]}}/_{0}\"\n", program);
  for (const CompletedCommand& command : commands) {
    const bool has_choices = !command.subcommands.empty();
    out += fmt::format(
        "{}() {{\n"
        "  local curcontext=\"$curcontext\" state line\n"
        "  typeset -A opt_args\n"
        "  _arguments -C \\\n    {}{}\n"
        "{}}}\n",
        function_of(command, program), fmt::join(specs_of(command), " \\\n    "),
        has_choices ? " && return" : "", has_choices ? choices(command, commands, program) : "");
  }
  // Sourced, it registers itself; from the folder of functions, it is called by zsh.
  out +=
      fmt::format("if [[ $funcstack[1] == _{0} ]]; then _{0} \"$@\"; else compdef _{0} {0}; fi\n", program);
  return out;
}

}  // namespace kefu::cli
