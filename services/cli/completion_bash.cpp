#include "completion.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

namespace kefu::cli {
namespace {

// {0}: the program's name; {1}: options that take a value, as patterns; {2}: paths of all commands, as
// patterns; {3}: cases for values of options; {4}: cases for the words of each command.
constexpr const char* kScript = R"(# Completion of {0} for bash: source <({0} completion bash)
_{0}() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" previous="${{COMP_WORDS[COMP_CWORD - 1]}}"
  local command="" options="" words="" files="" i
  # --option=value comes as three words.
  if [[ $current == "=" ]]; then
    current=""
  elif [[ $previous == "=" ]]; then
    previous="${{COMP_WORDS[COMP_CWORD - 2]}}"
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "${{COMP_WORDS[i]}}" in
      {1})
        [[ ${{COMP_WORDS[i + 1]}} == "=" ]] && ((i++))
        ((i++))
        continue
        ;;
    esac
    case "$command ${{COMP_WORDS[i]}}" in
      {2}) command+=" ${{COMP_WORDS[i]}}" ;;
    esac
  done
  COMPREPLY=()
  case "$command $previous" in
{3}  esac
  case "$command" in
{4}  esac
  if [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$current"))
  elif [[ -n $files ]]; then
    _{0}_files
  else
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  fi
}}
_{0}_files() {{  # one a line, since their names may hold spaces
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen -f -- "$current")
}}
complete -F _{0} {0}
)";

/// The command's words as the script holds them: each after a space.
std::string path_in_script(const CompletedCommand& command) {
  return command.path.empty() ? "" : " " + command.path;
}

std::string option_values(const CompletedCommand& command, const std::string& program) {
  std::string cases;
  for (const CompletedOption& option : command.options) {
    if (!option.takes_value) continue;
    std::vector<std::string> patterns;
    for (const std::string& name : option.names)
      patterns.push_back(fmt::format("\"{} {}\"", path_in_script(command), name));
    std::string action;
    if (!option.values.empty())
      action =
          fmt::format("COMPREPLY=($(compgen -W \"{}\" -- \"$current\")); ", fmt::join(option.values, " "));
    if (option.is_file) action = fmt::format("_{}_files; ", program);
    cases += fmt::format("    {}) {}return ;;\n", fmt::join(patterns, " | "), action);
  }
  return cases;
}

std::string command_words(const CompletedCommand& command) {
  std::vector<std::string> options;
  for (const CompletedOption& option : command.options)
    options.insert(options.end(), option.names.begin(), option.names.end());
  std::vector<std::string> words = command.subcommands;
  bool files = false;
  for (const CompletedOption& positional : command.positionals) {
    words.insert(words.end(), positional.values.begin(), positional.values.end());
    files = files || positional.is_file;
  }
  return fmt::format("    \"{}\") options=\"{}\" words=\"{}\"{} ;;\n", path_in_script(command),
                     fmt::join(options, " "), fmt::join(words, " "), files ? " files=1" : "");
}

}  // namespace

std::string bash_completion(const std::vector<CompletedCommand>& commands, const std::string& program) {
  std::set<std::string> with_value;
  std::vector<std::string> paths;
  std::string values;
  std::string words;
  for (const CompletedCommand& command : commands) {
    for (const CompletedOption& option : command.options) {
      if (option.takes_value) with_value.insert(option.names.begin(), option.names.end());
    }
    if (!command.path.empty()) paths.push_back("\"" + path_in_script(command) + "\"");
    values += option_values(command, program);
    words += command_words(command);
  }
  return fmt::format(kScript, program, fmt::join(with_value, " | "), fmt::join(paths, " | "), values, words);
}

}  // namespace kefu::cli
