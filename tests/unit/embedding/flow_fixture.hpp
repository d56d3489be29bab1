#pragma once

#include "doubles.hpp"
#include "embedding_flow.hpp"

#include <kefu/async/task_group.hpp>
#include <kefu/testing/run_task.hpp>

#include <gtest/gtest.h>

#include <memory>

namespace kefu::embedding::testing {

using namespace std::chrono_literals;

/// A whole flow over a model and a cache that the test controls.
class FlowTest : public ::testing::Test {
 protected:
  using Outcome = Result<EmbeddedTexts>;

  FlowTest() { make_flow({}); }
  ~FlowTest() override {
    embedder.release();
    stop();
  }

  void make_flow(QueueLimits limits) {
    stop();
    cache.emplace(*tier, embedder.model(), cache_options, counters);
    flow.emplace(io.get_executor(), embedder, *cache, limits, counters, tasks);
  }
  void stop() {
    if (!flow) return;
    kefu::testing::run_task(io, callers.join());
    flow->stop();
    kefu::testing::run_task(io, tasks.join());
    flow.reset();
    cache.reset();
  }

  Outcome embed(std::vector<std::string> texts, Role role = Role::query, Lane lane = Lane::question) {
    return kefu::testing::run_task(io, flow->embed(std::move(texts), role, lane, Deadline::in(30s)));
  }
  /// Begins an embed() whose outcome comes later, and lets it get as far as it can.
  std::shared_ptr<std::optional<Outcome>> begin(std::vector<std::string> texts, Lane lane = Lane::question,
                                                Deadline deadline = Deadline::in(30s),
                                                Role role = Role::query) {
    auto outcome = std::make_shared<std::optional<Outcome>>();
    callers.spawn(keep(flow->embed(std::move(texts), role, lane, deadline), outcome));
    settle();
    return outcome;
  }
  /// Until nothing is left to do but to wait.
  void settle() {
    io.restart();
    while (io.poll_one() != 0) {
    }
  }
  template <class Condition>
  bool eventually(Condition condition) {
    return kefu::testing::run_task(io, kefu::testing::eventually(condition));
  }
  double metric(const std::string& series) const { return testing::metric(metrics, series); }

  static Task<void> ignore(Task<Outcome> task) { co_await std::move(task); }

  asio::io_context io;
  telemetry::Metrics metrics;
  EmbeddingMetrics counters{metrics};
  FakeEmbedder embedder{io.get_executor()};
  FakeCache store;
  redis::KeyValueCache* tier = &store;  ///< or another one; read by make_flow()
  /// Without a tier in memory: what is in Redis can be seen and broken. Read by make_flow().
  VectorCacheOptions cache_options{.memory_bytes = 0};
  std::optional<VectorCache> cache;
  TaskGroup tasks{io.get_executor(), rethrow};
  TaskGroup callers{io.get_executor(), rethrow};
  std::optional<EmbeddingFlow> flow;

 private:
  static void rethrow(std::exception_ptr exception) { std::rethrow_exception(std::move(exception)); }
  static Task<void> keep(Task<Outcome> task, std::shared_ptr<std::optional<Outcome>> outcome) {
    *outcome = co_await std::move(task);
  }
};

}  // namespace kefu::embedding::testing
