#include <kefu/telemetry/error_counters.hpp>

#include <cstddef>

namespace kefu::telemetry {

ErrorCounters::ErrorCounters(Metrics& metrics, const std::string& name, const std::string& help,
                             const Labels& labels) {
  for (int code = 0; code <= static_cast<int>(Errc::internal); ++code) {
    Labels all = labels;
    all["code"] = traits(static_cast<Errc>(code)).wire_code;
    by_code_.push_back(metrics.counter(name, help, all));
  }
}

void ErrorCounters::count(Errc code) const { by_code_[static_cast<std::size_t>(code)].add(); }

}  // namespace kefu::telemetry
