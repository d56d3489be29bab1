#include "load/cpu_time.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string>

namespace kefu::bench {

double cpu_seconds_of(pid_t pid) {
  std::ifstream in(fmt::format("/proc/{}/stat", pid));
  if (!in) throw std::runtime_error(fmt::format("process {} is gone", pid));
  std::string all((std::istreambuf_iterator<char>(in)), {});
  // The name of the program may hold blanks; from its closing bracket on, the state is the third field, and
  // user and system time are the 14th and 15th.
  std::istringstream fields(all.substr(all.rfind(')') + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

}  // namespace kefu::bench
