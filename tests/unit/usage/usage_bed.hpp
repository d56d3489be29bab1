#pragma once

#include <kefu/async/task_group.hpp>
#include <kefu/bus/memory_bus.hpp>
#include <kefu/proto/subjects.hpp>
#include <kefu/testing/run_task.hpp>
#include <kefu/usage/accounts.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace kefu::usage::testing {

using namespace std::chrono_literals;

/// Two buckets in memory, and a clock that the test sets.
class UsageTest : public ::testing::Test {
 protected:
  UsageTest() {
    EXPECT_TRUE(run(usage->ensure(0ms, Deadline::in(1min))));
    EXPECT_TRUE(run(budgets->ensure(0ms, Deadline::in(1min))));
  }

  template <class T>
  T run(Task<T> task) {
    return kefu::testing::run_task(io, std::move(task));
  }
  template <class Condition>
  bool eventually(Condition condition) {
    return kefu::testing::run_task(io, kefu::testing::eventually(condition));
  }

  asio::io_context io;
  bus::MemoryBroker broker{io.get_executor()};
  std::unique_ptr<bus::KeyValueBucket> usage = broker.bucket(std::string(proto::kUsageBucket));
  std::unique_ptr<bus::KeyValueBucket> budgets = broker.bucket(std::string(proto::kBudgetsBucket));
  std::chrono::system_clock::time_point now = Day(std::chrono::year(2026) / 11 / 29) + 10h;
  std::vector<std::string> lines;  // of the log
  telemetry::Logger log{"test", telemetry::Level::info,
                        [this](std::string_view line) { lines.emplace_back(line); }};
};

}  // namespace kefu::usage::testing
