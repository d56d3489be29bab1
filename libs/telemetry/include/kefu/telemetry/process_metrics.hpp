#pragma once

#include <kefu/telemetry/metrics.hpp>

#include <string>

namespace kefu::telemetry {

/// Memory, CPU time, open files and start of this process under the names that every Prometheus client uses,
/// read from /proc at each exposition, and `kefu_build_info`. What cannot be read keeps its last value.
void add_process_metrics(Metrics& metrics, const std::string& version);

}  // namespace kefu::telemetry
