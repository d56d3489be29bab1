#include "command_harness.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

namespace kefu::cli {

using namespace std::chrono_literals;

Command::Command() {
  services_.serve_on(gateway_);
  gateway_.add_knowledge_base("shop", "inc1");
}

int Command::kefu(std::vector<std::string> arguments, std::map<std::string, std::string> environment) {
  return finish(start(std::move(arguments), std::move(environment)));
}

testing::Process Command::start(std::vector<std::string> arguments,
                                std::map<std::string, std::string> environment) {
  std::vector<std::string> command{KEFU_BIN_DIR "/kefu"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  environment.emplace("KEFU_SERVER", gateway_.url(""));
  std::filesystem::remove(folder_.path() / "output");
  return testing::Process({.command = std::move(command),
                           .environment = std::move(environment),
                           .output = folder_.path() / "output"});
}

int Command::finish(testing::Process process) {
  const int status = process.wait(30s).value_or(-1);
  std::ifstream in(folder_.path() / "output");
  output_ = {std::istreambuf_iterator<char>(in), {}};
  return status;
}

std::string Command::file(const std::string& name, const std::string& content) {
  const auto path = folder_.path() / name;
  std::ofstream(path) << content;
  return path.string();
}

}  // namespace kefu::cli
