#include "load/memory.hpp"

#include <fmt/format.h>

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

namespace kefu::bench {

ProcessMemory memory_of(pid_t pid) {
  std::ifstream in(fmt::format("/proc/{}/smaps_rollup", pid));
  if (!in) throw std::runtime_error(fmt::format("process {} is gone", pid));
  ProcessMemory memory;
  constexpr double kMegabytesOfKibibyte = 1024.0 / 1e6;
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string name;
    double kibibytes = 0;
    words >> name >> kibibytes;
    if (name == "Rss:") memory.resident_mb = kibibytes * kMegabytesOfKibibyte;
    if (name == "Pss:") memory.proportional_mb = kibibytes * kMegabytesOfKibibyte;
  }
  return memory;
}

}  // namespace kefu::bench
