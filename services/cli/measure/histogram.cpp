#include "measure/histogram.hpp"

#include "display_text.hpp"
#include "table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace kefu::cli {
namespace {

/// Buckets in each doubling.
constexpr std::array<double, 5> kFineness{4, 2, 1, 0.5, 0.25};
constexpr double kShortestMs = 0.001;

int index_of(double milliseconds, double fineness) {
  return static_cast<int>(std::floor(std::log2(std::max(milliseconds, kShortestMs)) * fineness + 1e-9));
}

double bound_of(int index, double fineness) { return std::exp2(index / fineness); }

}  // namespace

Histogram histogram_of(const Latencies& latencies, std::size_t rows) {
  Histogram out;
  if (latencies.count() == 0) return out;
  const double shortest = latencies.percentile_ms(0);
  const double longest = latencies.max_ms();
  double fineness = kFineness.back();
  for (const double candidate : kFineness) {
    const int count = index_of(longest, candidate) - index_of(shortest, candidate) + 1;
    if (static_cast<std::size_t>(count) > rows) continue;
    fineness = candidate;
    break;
  }
  const int first = index_of(shortest, fineness);
  for (int index = first; index <= index_of(longest, fineness); ++index)
    out.buckets.push_back({bound_of(index, fineness), bound_of(index + 1, fineness), 0});
  for (const auto& time : latencies.all())
    ++out.buckets[static_cast<std::size_t>(index_of(milliseconds(time), fineness) - first)].count;
  return out;
}

std::string unicode_bar(double share, std::size_t columns) {
  static constexpr std::array<const char*, 8> kPart{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  auto eighths =
      static_cast<std::size_t>(std::lround(std::clamp(share, 0.0, 1.0) * static_cast<double>(columns) * 8));
  if (share > 0) eighths = std::max<std::size_t>(eighths, 1);  // one of a million is to be seen too
  std::string bar;
  for (std::size_t i = 0; i < eighths / 8; ++i) bar += "█";
  return bar + kPart[eighths % 8];
}

std::vector<std::string> histogram_lines(const Histogram& histogram, std::size_t width) {
  std::size_t most = 0;
  std::size_t total = 0;
  for (const auto& bucket : histogram.buckets) {
    most = std::max(most, bucket.count);
    total += bucket.count;
  }
  if (total == 0) return {};
  constexpr std::size_t kNumbers = 44;  // columns of all but the bar
  const std::size_t columns = std::clamp<std::size_t>(width > kNumbers ? width - kNumbers : 0, 10, 60);
  using enum Table::Align;
  Table table({right, right, right, left});
  for (const auto& bucket : histogram.buckets) {
    const double of_most = static_cast<double>(bucket.count) / static_cast<double>(most);
    const double of_all = static_cast<double>(bucket.count) / static_cast<double>(total);
    table.add({fmt::format("{} - {}", format_ms(bucket.from_ms), format_ms(bucket.to_ms)),
               grouped(bucket.count), fmt::format("{:.1f} %", 100 * of_all), unicode_bar(of_most, columns)});
  }
  return table.lines();
}

}  // namespace kefu::cli
