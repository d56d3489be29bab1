#include "declare/declaration.hpp"

#include "duration.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

namespace kefu::cli {
namespace {

/// nullopt unless all of `text` is the number.
template <class Number>
std::optional<Number> number_of(const std::string& text) {
  Number number{};
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, number);
  if (error != std::errc{} || end != last) return std::nullopt;
  return number;
}

}  // namespace

CLI::App& add_command(CLI::App& parent, const char* name, const char* description,
                      const std::string& example) {
  CLI::App* command = parent.add_subcommand(name, description);
  command->fallthrough();  // --server may also stand behind the command
  command->footer("Example:\n" + example);
  return *command;
}

CLI::Option* add_kb(CLI::App& command, std::string& kb) {
  return command.add_option("--kb", kb, "name of the knowledge base")->check(not_empty())->type_name("NAME");
}

CLI::Option* add_json(CLI::App& command, bool& json) {
  return command.add_flag("--json", json, "print JSON, for programs");
}

void add_mode(CLI::App& command, std::string& mode) {
  command.add_option("--mode", mode, "auto, extractive (never a language model) or generative")
      ->check(CLI::IsMember({"auto", "extractive", "generative"}))
      ->type_name("MODE");
}

void add_no_wait(CLI::App& command, bool& wait, const char* description) {
  command.add_flag_callback("--no-wait", [&wait] { wait = false; }, description);
}

CLI::Validator not_empty() {
  return CLI::Validator([](const std::string& name) { return name.empty() ? "it is empty" : ""; }, "");
}

CLI::Validator whole_number(std::uint64_t least) {
  const auto check = [least](const std::string& text) -> std::string {
    const auto number = number_of<std::uint64_t>(text);
    if (number && *number >= least) return {};
    return fmt::format("\"{}\" is not a whole number of {} or more", text, least);
  };
  return CLI::Validator(check, "");
}

CLI::Validator not_negative() {
  const auto check = [](const std::string& text) -> std::string {
    const auto number = number_of<double>(text);
    if (number && std::isfinite(*number) && *number >= 0) return {};
    return fmt::format("\"{}\" is not a number of 0 or more", text);
  };
  return CLI::Validator(check, "");
}

CLI::Option* one_each_time(CLI::Option* option) {
  return option->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)->allow_extra_args(false);
}

CLI::Option* add_duration(CLI::App& command, const char* name, const char* description,
                          std::chrono::milliseconds& duration) {
  const auto read = [&duration, name](const std::string& text) {
    const auto parsed = parse_duration(text);
    if (!parsed) throw CLI::ValidationError(name, parsed.error().message);
    duration = *parsed;
  };
  return command.add_option_function<std::string>(name, read, description)->type_name("TIME");
}

void runs(CLI::App& command, Chosen& chosen, Command does) {
  command.callback([&chosen, does = std::move(does)] { chosen.command = does; });
}

}  // namespace kefu::cli
