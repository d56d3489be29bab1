#pragma once

#include <kefu/async/signal.hpp>
#include <kefu/async/task.hpp>
#include <kefu/base/deadline.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>

namespace kefu::testing {

/// Runs one coroutine of a test on `io` until it returns; other work of `io` runs meanwhile. A test that
/// hangs fails after a minute instead.
template <class T>
T run_task(asio::io_context& io, Task<T> task) {
  std::optional<T> value;
  std::exception_ptr failure;
  bool done = false;
  asio::co_spawn(io, std::move(task), [&](std::exception_ptr exception, T result) {
    failure = exception;
    if (!exception) value.emplace(std::move(result));
    done = true;
  });
  io.restart();
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!done && std::chrono::steady_clock::now() < give_up) {
    io.run_one_for(std::chrono::milliseconds(100));
    if (io.stopped()) io.restart();
  }
  if (failure) std::rethrow_exception(failure);
  if (!value) throw std::runtime_error("the coroutine of this test did not return within a minute");
  return std::move(*value);
}

inline void run_task(asio::io_context& io, Task<void> task) {
  struct Adapter {
    static Task<bool> run(Task<void> inner) {
      co_await std::move(inner);
      co_return true;
    }
  };
  run_task<bool>(io, Adapter::run(std::move(task)));
}

/// Polls `condition` from inside a coroutine until it holds: `EXPECT_TRUE(co_await eventually([&] { return
/// ...; }));`
template <class Condition>
Task<bool> eventually(Condition condition, std::chrono::milliseconds limit = std::chrono::seconds(10)) {
  const Deadline deadline = Deadline::in(limit);
  while (!condition()) {
    if (deadline.passed()) co_return false;
    co_await sleep_for(std::chrono::milliseconds(5));
  }
  co_return true;
}

}  // namespace kefu::testing
