#pragma once

#include <kefu/testing/run_task.hpp>

#include <chrono>

namespace kefu::testing {

/// Polls from outside of coroutines; `condition` may run tasks on `io` itself.
template <class Condition>
bool eventually(asio::io_context& io, Condition condition,
                std::chrono::milliseconds limit = std::chrono::seconds(20)) {
  const Deadline deadline = Deadline::in(limit);
  while (!condition()) {
    if (deadline.passed()) return false;
    run_task(io, sleep_for(std::chrono::milliseconds(5)));
  }
  return true;
}

/// Polls a condition that is a coroutine: `check()` gives a Task<bool>.
template <class Check>
Task<bool> eventually_true(Check check, std::chrono::milliseconds limit = std::chrono::seconds(20)) {
  const Deadline deadline = Deadline::in(limit);
  while (!co_await check()) {
    if (deadline.passed()) co_return false;
    co_await sleep_for(std::chrono::milliseconds(5));
  }
  co_return true;
}

}  // namespace kefu::testing
