#pragma once

#include "measure/latencies.hpp"

#include <chrono>
#include <cstddef>
#include <string>

namespace kefu::bench {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

/// One line of a result: the times of many operations, taken in several rounds.
class Measurement {
 public:
  explicit Measurement(std::string what) : what_(std::move(what)) {}

  void add(Clock::duration time) { times_.add(time); }
  void add_failure() { ++failed_; }
  void add_elapsed(Clock::duration time) { elapsed_ += time; }

  std::size_t failed() const { return failed_; }
  /// `share` of 1; zero when nothing was measured.
  Milliseconds percentile(double share) const { return Milliseconds(times_.percentile_ms(share)); }
  double per_second() const;

  static void print_head();
  void print() const;

 private:
  std::string what_;
  cli::Latencies times_;
  std::size_t failed_ = 0;
  std::chrono::duration<double> elapsed_{};
};

}  // namespace kefu::bench
