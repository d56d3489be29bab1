#include <kefu/telemetry/log.hpp>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <chrono>
#include <utility>

namespace kefu::telemetry {
namespace {

std::string_view name_of(Level level) {
  switch (level) {
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::warning:
      return "warning";
    case Level::error:
      return "error";
  }
  return "error";
}

std::string timestamp() {
  const auto now = std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const auto milliseconds = now.time_since_epoch().count() % 1000;
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(now)),
                     milliseconds);
}

/// One write() a line: lines of several threads do not mix, and nothing is lost in a buffer when the process
/// is killed.
void write_to_stderr(std::string_view line) {
  while (!line.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
    if (written <= 0) return;
    line.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

Result<Level> parse_level(std::string_view name) {
  for (const Level level : {Level::debug, Level::info, Level::warning, Level::error}) {
    if (name == name_of(level)) return level;
  }
  return fail(Errc::invalid_argument,
              "the log level is debug, info, warning or error, not \"" + std::string(name) + "\"");
}

Logger::Logger(std::string service, Level level, Sink sink)
    : service_(std::move(service)), level_(level), sink_(sink ? std::move(sink) : Sink(write_to_stderr)) {}

void Logger::log(Level level, std::string_view message, std::initializer_list<Field> fields) const {
  if (level < level_) return;
  nlohmann::ordered_json line;
  line["time"] = timestamp();
  line["level"] = name_of(level);
  line["service"] = service_;
  line["message"] = message;
  for (const Field& field : fields) {
    std::visit([&](const auto& value) { line[std::string(field.name)] = value; }, field.value);
  }
  // Texts from outside may hold bytes that are not UTF-8: they are replaced rather than losing the line.
  sink_(line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
}

void Logger::failure(Level level, std::string_view message, const RequestContext& context,
                     const Error& error) const {
  log(level, message,
      {{"request_id", std::string_view(context.request_id)},
       {"code", traits(error.code).wire_code},
       {"error", std::string_view(error.message)},
       {"detail", std::string_view(error.detail)}});
}

}  // namespace kefu::telemetry
