#include "completion.hpp"

#include "declare/declaration.hpp"

#include <memory>

namespace kefu::cli {

void declare_completion(CLI::App& app, Chosen& chosen) {
  const auto shell = std::make_shared<std::string>();
  CLI::App& command =
      add_command(app, "completion", "print the completion of commands and options for a shell",
                  "  source <(kefu completion bash)\n"
                  "  kefu completion zsh > \"${fpath[1]}/_kefu\"");
  command.add_option("shell", *shell, "the shell")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh"}))
      ->type_name("SHELL");
  command.callback([&app, &chosen, shell] {
    chosen.local = [&app, shell](Console& console) {
      const auto commands = completed_commands(app);
      console.piece(*shell == "bash" ? bash_completion(commands, app.get_name())
                                     : zsh_completion(commands, app.get_name()));
      return 0;
    };
  });
}

}  // namespace kefu::cli
