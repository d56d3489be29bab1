#pragma once

#include "api_client.hpp"
#include "console.hpp"
#include "interrupt.hpp"

#include <kefu/async/task.hpp>

#include <CLI/CLI.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

/// What the arguments may be, one file for each group of commands. This is the only place that knows: help,
/// parsing and completion all come from it.
namespace kefu::cli {

using Command = std::function<Task<int>(ApiClient&, Console&, Interrupt&)>;

/// The command that the arguments named: one of the two is set.
struct Chosen {
  Command command = {};
  std::function<int(Console&)> local = {};  ///< needs no server
};

/// `example`: lines for the end of the command's help.
CLI::App& add_command(CLI::App& parent, const char* name, const char* description,
                      const std::string& example);
CLI::Option* add_kb(CLI::App& command, std::string& kb);
CLI::Option* add_json(CLI::App& command, bool& json);
void add_mode(CLI::App& command, std::string& mode);
void add_no_wait(CLI::App& command, bool& wait, const char* description);
/// A name that must not be empty: an unset variable of a script, say.
CLI::Validator not_empty();
/// A number without fraction, of `least` or more.
CLI::Validator whole_number(std::uint64_t least);
CLI::Validator not_negative();
/// For an option that may be repeated: one value each time, taken as it is. CLI11 would also take the words
/// that follow, and cut a value such as "[a,b]" in two.
CLI::Option* one_each_time(CLI::Option* option);
/// What the command does when it is named.
void runs(CLI::App& command, Chosen& chosen, Command does);
/// A command that needs no more than its options, which its arguments fill.
template <class Options, class Function>
void runs(CLI::App& command, Chosen& chosen, std::shared_ptr<Options> options, Function function) {
  runs(command, chosen,
       [options = std::move(options), function](ApiClient& api, Console& console, Interrupt&) {
         return function(*options, api, console);
       });
}

/// A length of time, such as 30s.
CLI::Option* add_duration(CLI::App& command, const char* name, const char* description,
                          std::chrono::milliseconds& duration);

void declare_questions(CLI::App& app, Chosen& chosen);   ///< import, ask, search, status
void declare_content(CLI::App& app, Chosen& chosen);     ///< kb, docs, jobs, delete
void declare_documents(CLI::App& app, Chosen& chosen);   ///< docs
void declare_measuring(CLI::App& app, Chosen& chosen);   ///< eval, bench, similarity
void declare_access(CLI::App& app, Chosen& chosen);      ///< key, audit
void declare_usage(CLI::App& app, Chosen& chosen);       ///< usage, budget
void declare_completion(CLI::App& app, Chosen& chosen);  ///< `app`: the root, which outlives the parsing

}  // namespace kefu::cli
