#pragma once

#include <kefu/base/error.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace kefu::service {

struct ByteSize {
  std::size_t bytes = 0;
};

/// One declaration of each setting gives its flag (`--redis-url`), its environment variable
/// (`KEFU_REDIS_URL`), its key in the file of `--config` (`redis-url = "..."`) and its line in `--help`, in
/// that order of precedence. The variable given holds the default and receives the value.
class Settings {
 public:
  Settings(std::string program, std::string description);
  ~Settings();
  Settings(const Settings&) = delete;
  Settings& operator=(const Settings&) = delete;

  void add(const std::string& name, std::string& value, const std::string& help);
  void add(const std::string& name, std::size_t& value, const std::string& help);
  void add(const std::string& name, std::uint16_t& value, const std::string& help);
  void add(const std::string& name, double& value, const std::string& help);
  void add(const std::string& name, bool& value, const std::string& help);
  /// Written with a unit: 250ms, 5s, 2m.
  void add(const std::string& name, std::chrono::milliseconds& value, const std::string& help);
  /// Written with a unit: 64KiB, 32MiB, 1GiB; or 0.
  void add(const std::string& name, ByteSize& value, const std::string& help);
  /// A secret is never a flag, which `ps` would show: the environment variable, the file, or `--<name>-file`.
  void add_secret(const std::string& name, std::string& value, const std::string& help);

  /// Called once all values are read, before anything is started: an error of it is what parse() prints.
  void check(std::function<Result<>()> check);

  const std::string& program() const;

  enum class Outcome { run, exit_success, exit_failure };
  /// Reads everything; prints help, version or one clear sentence about what is wrong.
  Outcome parse(int argc, const char* const* argv);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kefu::service
