#include <kefu/telemetry/process_metrics.hpp>

#include <sys/resource.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>
#include <string>
#include <system_error>

namespace kefu::telemetry {
namespace {

std::optional<double> resident_bytes() {
  std::ifstream in("/proc/self/statm");
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  if (!(in >> size >> resident)) return std::nullopt;
  return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

std::optional<double> cpu_seconds() {
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) != 0) return std::nullopt;
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// One of them is the folder that is being read: not counted.
std::optional<double> open_files() {
  std::error_code error;
  double count = -1;
  std::filesystem::directory_iterator each("/proc/self/fd", error);
  for (; !error && each != std::filesystem::directory_iterator(); each.increment(error)) ++count;
  if (error) return std::nullopt;
  return count;
}

std::optional<double> boot_time() {
  std::ifstream in("/proc/stat");
  for (std::string word; in >> word;) {
    if (double at = 0; word == "btime") return in >> at ? std::optional(at) : std::nullopt;
    in.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  }
  return std::nullopt;
}

/// The program's name, in parentheses, may hold spaces: fields are counted from the last parenthesis, behind
/// which the third one stands. The start is the 22nd, in ticks since the boot.
std::optional<double> start_time() {
  constexpr int kFieldsBeforeTheStart = 19;
  std::ifstream in("/proc/self/stat");
  std::string line;
  std::getline(in, line);
  const std::size_t name_end = line.rfind(')');
  const auto boot = boot_time();
  if (name_end == std::string::npos || !boot) return std::nullopt;
  std::istringstream fields(line.substr(name_end + 1));
  std::string skipped;
  for (int i = 0; i < kFieldsBeforeTheStart; ++i) fields >> skipped;
  double ticks = 0;
  if (!(fields >> ticks)) return std::nullopt;
  return *boot + ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

}  // namespace

void add_process_metrics(Metrics& metrics, const std::string& version) {
  metrics.gauge("kefu_build_info", "Always 1; the label has the version", {{"version", version}}).set(1);
  const Gauge started =
      metrics.gauge("process_start_time_seconds", "Start of the process in Unix time, in seconds");
  if (const auto at = start_time()) started.set(*at);
  const Gauge memory = metrics.gauge("process_resident_memory_bytes", "Resident memory");
  const Gauge files = metrics.gauge("process_open_fds", "Open file descriptors");
  const Counter cpu = metrics.counter("process_cpu_seconds_total", "CPU time, of user and system");
  metrics.before_collect([memory, files, cpu, counted = 0.0]() mutable {
    if (const auto bytes = resident_bytes()) memory.set(*bytes);
    if (const auto count = open_files()) files.set(*count);
    if (const auto spent = cpu_seconds(); spent && *spent > counted) {
      cpu.add(*spent - counted);
      counted = *spent;
    }
  });
}

}  // namespace kefu::telemetry
