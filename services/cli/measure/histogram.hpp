#pragma once

#include "measure/latencies.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace kefu::cli {

/// Latencies by logarithmic buckets: each is as many times longer than the one before. Bounds are the same
/// from one run to the next, so that two histograms can be laid side by side.
struct Histogram {
  struct Bucket {
    double from_ms;
    double to_ms;
    std::size_t count;
  };
  std::vector<Bucket> buckets;
};

/// From the shortest to the longest, in at most `rows` buckets of the finest of some widths that fits.
Histogram histogram_of(const Latencies& latencies, std::size_t rows);

/// A line for each bucket: bounds, bar, count and share. `width`: columns of the terminal.
std::vector<std::string> histogram_lines(const Histogram& histogram, std::size_t width);

/// A bar of `share` (0 to 1) of `columns`, to an eighth of a column.
std::string unicode_bar(double share, std::size_t columns);

}  // namespace kefu::cli
