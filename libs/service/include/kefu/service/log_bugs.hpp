#pragma once

#include <kefu/async/task_group.hpp>
#include <kefu/telemetry/log.hpp>

namespace kefu::service {

/// For task groups and served subjects: an exception that leaves a task is a bug, which is logged, and the
/// process goes on. `log` outlives the result.
TaskGroup::OnException log_bugs(const telemetry::Logger& log);

}  // namespace kefu::service
