#pragma once

#include <kefu/async/signal.hpp>
#include <kefu/async/task.hpp>
#include <kefu/base/deadline.hpp>
#include <kefu/base/error.hpp>

#include <chrono>

namespace kefu {

/// Calls `attempt`, which returns a Task<Result<>>, until it succeeds, fails with an error that no repetition
/// mends, or the deadline has passed; returns its last result. `attempt` outlives the call.
template <class Attempt>
Task<Result<>> retry_until(Deadline deadline, std::chrono::milliseconds pause, Attempt& attempt) {
  for (;;) {
    Result<> result = co_await attempt();
    if (result || !traits(result.error().code).retryable || deadline.passed()) co_return result;
    co_await sleep_for(pause);
  }
}

}  // namespace kefu
