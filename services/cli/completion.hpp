#pragma once

#include <string>
#include <vector>

namespace CLI {  // NOLINT(readability-identifier-naming): theirs
class App;
}

namespace kefu::cli {

/// What a shell needs to know of one command, read off the declaration of the arguments.
struct CompletedOption {
  std::vector<std::string> names = {};  ///< "--kb"
  std::string description = {};
  bool takes_value = false;
  std::vector<std::string> values = {};  ///< where only these are allowed
  bool is_file = false;
  bool repeats = false;  ///< several values follow each other
};
struct CompletedCommand {
  std::string path = {};  ///< "kb create"; empty: the program itself
  std::string description = {};
  std::vector<std::string> subcommands = {};
  std::vector<CompletedOption> options = {};      ///< those of the program included, which may stand anywhere
  std::vector<CompletedOption> positionals = {};  ///< without names
};
std::vector<CompletedCommand> completed_commands(const CLI::App& app);

/// Scripts that a shell sources. `program`: the name that is typed.
std::string bash_completion(const std::vector<CompletedCommand>& commands, const std::string& program);
std::string zsh_completion(const std::vector<CompletedCommand>& commands, const std::string& program);

}  // namespace kefu::cli
