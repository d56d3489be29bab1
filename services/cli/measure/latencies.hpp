#pragma once

#include <nlohmann/json_fwd.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace kefu::cli {

/// The times that operations took. All are kept, so percentiles are exact.
class Latencies {
 public:
  using Duration = std::chrono::steady_clock::duration;

  void add(Duration time) { times_.push_back(time); }

  std::size_t count() const { return times_.size(); }
  const std::vector<Duration>& all() const { return times_; }
  /// By nearest rank: the shortest time that at least `share` (0 to 1) of all do not exceed. Zero when there
  /// are none.
  double percentile_ms(double share) const;
  double mean_ms() const;
  double max_ms() const { return percentile_ms(1); }

 private:
  std::vector<Duration> times_;
};

double milliseconds(Latencies::Duration time);

/// {"p50", "p90", "p99", "p99_9", "max", "mean"}, in milliseconds.
nlohmann::json latencies_json(const Latencies& latencies);

/// "0.84 ms", "12.3 ms", "1,234 ms": three digits that mean something.
std::string format_ms(double milliseconds);

}  // namespace kefu::cli
