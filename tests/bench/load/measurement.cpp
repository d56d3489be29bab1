#include "load/measurement.hpp"

#include <fmt/format.h>

namespace kefu::bench {

double Measurement::per_second() const {
  return elapsed_.count() > 0 ? static_cast<double>(times_.count()) / elapsed_.count() : 0;
}

void Measurement::print_head() {
  fmt::print("{:<52} {:>8} {:>8} {:>8} {:>8}\n", "", "answers", "p50 ms", "p99 ms", "a second");
}

void Measurement::print() const {
  fmt::print("{:<52} {:>8} {:>8.2f} {:>8.2f} {:>8.0f}{}\n", what_, times_.count(), percentile(0.5).count(),
             percentile(0.99).count(), per_second(),
             failed_ == 0 ? "" : fmt::format("   and {} FAILED", failed_));
}

}  // namespace kefu::bench
