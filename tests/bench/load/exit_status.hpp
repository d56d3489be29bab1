#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <exception>

namespace kefu::bench {

/// What main() returns: what ends the work early is told on standard error.
template <class Work>
int exit_status_of(Work work) {
  try {
    work();
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}

}  // namespace kefu::bench
