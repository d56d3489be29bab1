#pragma once

#include <sys/types.h>

namespace kefu::bench {

struct ProcessMemory {
  double resident_mb = 0;      ///< all pages of the process that are in memory (RSS)
  double proportional_mb = 0;  ///< pages shared with other processes counted by their share (PSS)
};

/// From /proc/<pid>/smaps_rollup, in units of 10^6 bytes. Throws std::runtime_error when there is no such
/// process.
ProcessMemory memory_of(pid_t pid);

}  // namespace kefu::bench
