#pragma once

#include <kefu/base/error.hpp>
#include <kefu/base/request_context.hpp>

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace kefu::telemetry {

enum class Level { debug, info, warning, error };

/// `debug`, `info`, `warning` or `error`. Errors: `invalid_argument`.
Result<Level> parse_level(std::string_view name);

struct Field {
  std::string_view name;
  std::variant<std::string_view, std::int64_t, double, bool> value;
};

/// Writes one JSON object a line: time (RFC 3339, UTC, milliseconds), level, service, message, then the
/// fields. Secrets never go in, and texts of users only at debug. Safe from every thread; a line is written
/// whole.
class Logger {
 public:
  using Sink = std::function<void(std::string_view line)>;
  /// The default sink is standard error.
  Logger(std::string service, Level level, Sink sink = {});

  void log(Level level, std::string_view message, std::initializer_list<Field> fields = {}) const;
  void debug(std::string_view message, std::initializer_list<Field> fields = {}) const {
    log(Level::debug, message, fields);
  }
  void info(std::string_view message, std::initializer_list<Field> fields = {}) const {
    log(Level::info, message, fields);
  }
  void warning(std::string_view message, std::initializer_list<Field> fields = {}) const {
    log(Level::warning, message, fields);
  }
  void error(std::string_view message, std::initializer_list<Field> fields = {}) const {
    log(Level::error, message, fields);
  }
  /// With the request's id, the error's code, message and detail.
  void failure(Level level, std::string_view message, const RequestContext& context,
               const Error& error) const;

 private:
  std::string service_;
  Level level_;
  Sink sink_;
};

}  // namespace kefu::telemetry
