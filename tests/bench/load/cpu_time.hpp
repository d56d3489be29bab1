#pragma once

#include <sys/types.h>

namespace kefu::bench {

/// Seconds of processor time, of all threads and since the process began, from /proc/<pid>/stat. Throws
/// std::runtime_error when there is no such process.
double cpu_seconds_of(pid_t pid);

}  // namespace kefu::bench
