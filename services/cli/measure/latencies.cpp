#include "measure/latencies.hpp"

#include "display_text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>

namespace kefu::cli {
namespace {

double rounded(double milliseconds) { return std::round(milliseconds * 1000) / 1000; }

}  // namespace

double milliseconds(Latencies::Duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

double Latencies::percentile_ms(double share) const {
  if (times_.empty()) return 0;
  const auto count = static_cast<double>(times_.size());
  const auto rank = static_cast<std::size_t>(std::ceil(std::clamp(share, 0.0, 1.0) * count - 1e-9));
  std::vector<Duration> times = times_;
  const auto place = times.begin() + static_cast<std::ptrdiff_t>(std::max<std::size_t>(rank, 1) - 1);
  std::nth_element(times.begin(), place, times.end());
  return milliseconds(*place);
}

double Latencies::mean_ms() const {
  if (times_.empty()) return 0;
  const Duration sum = std::accumulate(times_.begin(), times_.end(), Duration::zero());
  return milliseconds(sum) / static_cast<double>(times_.size());
}

nlohmann::json latencies_json(const Latencies& latencies) {
  return {{"p50", rounded(latencies.percentile_ms(0.5))},
          {"p90", rounded(latencies.percentile_ms(0.9))},
          {"p99", rounded(latencies.percentile_ms(0.99))},
          {"p99_9", rounded(latencies.percentile_ms(0.999))},
          {"max", rounded(latencies.max_ms())},
          {"mean", rounded(latencies.mean_ms())}};
}

std::string format_ms(double milliseconds) {
  if (milliseconds >= 999.5) return grouped(static_cast<std::uint64_t>(std::llround(milliseconds))) + " ms";
  const int decimals = milliseconds < 9.995 ? 2 : milliseconds < 99.95 ? 1 : 0;
  return fmt::format("{:.{}f} ms", milliseconds, decimals);
}

}  // namespace kefu::cli
