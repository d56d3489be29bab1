#pragma once

#include "embedded_engine.hpp"
#include "log_messages.hpp"
#include "replica.hpp"

#include <kefu/async/task_group.hpp>
#include <kefu/bus/memory_bus.hpp>
#include <kefu/proto/streams.hpp>
#include <kefu/testing/poll.hpp>
#include <kefu/testing/process.hpp>
#include <kefu/testing/run_task.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <utility>

namespace kefu::index::testing {

/// A replica that reads a log in memory, for the tests of what stands around it.
class ReplicaBed : public ::testing::Test {
 protected:
  ReplicaBed() {
    EXPECT_TRUE(run(proto::ensure_streams(*streams_, {}, soon())));
    tasks_.spawn(replica_.run());
  }
  ~ReplicaBed() override {
    replica_.stop();
    run(tasks_.join());
  }

  static Deadline soon() { return Deadline::in(std::chrono::seconds(10)); }
  template <class T>
  T run(Task<T> task) {
    return kefu::testing::run_task(io_, std::move(task));
  }
  /// The condition may run tasks itself.
  template <class Condition>
  bool becomes(Condition condition) {
    return kefu::testing::eventually(io_, std::move(condition));
  }
  /// The sequence of the message.
  std::uint64_t append(bus::Message message) {
    const auto stored = run(streams_->append(std::move(message), soon()));
    EXPECT_TRUE(stored);
    return stored.value_or(0);
  }
  /// The sequence of the last message.
  std::uint64_t append(const DocumentVersion& version) {
    std::uint64_t sequence = 0;
    for (bus::Message& message : version.messages()) sequence = append(std::move(message));
    return sequence;
  }
  bool applied(std::uint64_t sequence) {
    return becomes([this, sequence] { return replica_.applied() >= sequence; });
  }
  bus::StreamState state(std::string_view stream = proto::kVectorsStream) {
    const auto state = run(streams_->state(std::string(stream), soon()));
    EXPECT_TRUE(state);
    return state.value_or(bus::StreamState{});
  }

  asio::io_context io_;
  kefu::testing::TemporaryDirectory directory_;
  bus::MemoryBroker broker_{io_.get_executor()};
  std::unique_ptr<bus::StreamStore> streams_ = broker_.stream_store();
  std::unique_ptr<bus::StreamReader> reader_ = broker_.stream_reader();
  telemetry::Logger log_{"index", telemetry::Level::error, [](std::string_view) {}};
  telemetry::Metrics registry_;
  IndexMetrics metrics_{registry_};
  CpuPool search_pool_{1};
  CpuPool update_pool_{1};
  EmbeddedEngine engine_{search_pool_, update_pool_, {}};
  Replica replica_{{.executor = io_.get_executor(),
                    .streams = *streams_,
                    .reader = *reader_,
                    .engine = engine_,
                    .update_pool = update_pool_,
                    .metrics = metrics_,
                    .log = log_},
                   directory_.path() / "index.sqlite3"};
  TaskGroup tasks_{io_.get_executor(), {}};
};

}  // namespace kefu::index::testing
