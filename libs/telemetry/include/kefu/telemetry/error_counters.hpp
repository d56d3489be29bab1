#pragma once

#include <kefu/base/error.hpp>
#include <kefu/telemetry/metrics.hpp>

#include <string>
#include <vector>

namespace kefu::telemetry {

/// One counter for each Errc, in the label `code`. All exist from the start at zero: a rate over a series
/// that appears with its first error misses that error.
class ErrorCounters {
 public:
  ErrorCounters(Metrics& metrics, const std::string& name, const std::string& help,
                const Labels& labels = {});

  void count(Errc code) const;

 private:
  std::vector<Counter> by_code_;  // in the order of Errc
};

}  // namespace kefu::telemetry
