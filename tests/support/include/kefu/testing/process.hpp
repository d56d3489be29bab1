#pragma once

#include <sys/types.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace kefu::testing {

/// A real child process, killed when it goes out of scope. Its output goes to a file.
class Process {
 public:
  struct Options {
    std::vector<std::string> command;                     ///< looked up in PATH
    std::map<std::string, std::string> environment = {};  ///< added to this process' own
    std::filesystem::path output = {};  ///< stdout and stderr together, appended; empty: /dev/null
  };
  /// Throws std::runtime_error when the program cannot be started.
  explicit Process(const Options& options);
  ~Process();
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;

  pid_t pid() const { return pid_; }
  bool running();
  /// SIGSTOP: returns when it stands still.
  void signal(int number) const;
  /// The exit status (128 + signal when killed), nullopt when it still runs after `limit`.
  std::optional<int> wait(std::chrono::milliseconds limit);
  /// kill -9 and reap.
  void kill();

 private:
  pid_t pid_ = -1;
  std::optional<int> status_;
};

/// Runs a command to its end and returns its standard output; throws std::runtime_error when it fails.
std::string run_command(const std::vector<std::string>& command);

/// A TCP port that nobody listens on. Another process may take it before the caller does, which is unlikely.
std::uint16_t free_port();

/// A folder that is removed with all its content.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace kefu::testing
