#include "lease_keeper.hpp"

#include "embedded_engine.hpp"
#include "kefu/v1/log.pb.h"
#include "log_messages.hpp"

#include <kefu/async/task_group.hpp>
#include <kefu/bus/memory_bus.hpp>
#include <kefu/proto/streams.hpp>
#include <kefu/testing/process.hpp>
#include <kefu/testing/run_task.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace kefu::index {
namespace {

using namespace std::chrono_literals;
using namespace kefu::index::testing;
using kefu::testing::eventually;
using kefu::testing::run_task;

Deadline soon() { return Deadline::in(10s); }

/// A bucket of leases that calls the test before and after each lease is written.
class WatchedBucket final : public bus::KeyValueBucket {
 public:
  explicit WatchedBucket(std::unique_ptr<bus::KeyValueBucket> bucket) : bucket_(std::move(bucket)) {}

  Task<Result<>> ensure(std::chrono::milliseconds ttl, Deadline deadline) override {
    return bucket_->ensure(ttl, deadline);
  }
  Task<Result<bus::KvEntry>> get(std::string key, Deadline deadline) override {
    return bucket_->get(std::move(key), deadline);
  }
  Task<Result<std::uint64_t>> put(std::string key, std::string value, std::optional<std::uint64_t> expected,
                                  Deadline deadline) override {
    kefu::v1::IndexLease lease;
    EXPECT_TRUE(lease.ParseFromString(value));
    if (before) before(lease);
    auto written = co_await bucket_->put(std::move(key), std::move(value), expected, deadline);
    if (after) co_await after(lease);
    co_return written;
  }
  Task<Result<>> erase(std::string key, Deadline deadline) override {
    return bucket_->erase(std::move(key), deadline);
  }
  Result<std::unique_ptr<bus::KvWatch>> watch() override { return bucket_->watch(); }

  std::function<void(const kefu::v1::IndexLease&)> before;
  std::function<Task<void>(const kefu::v1::IndexLease&)> after;

 private:
  std::unique_ptr<bus::KeyValueBucket> bucket_;
};

class LeaseKeeperTest : public ::testing::Test {
 protected:
  LeaseKeeperTest() {
    EXPECT_TRUE(run_task(io_, proto::ensure_streams(*streams_, {}, soon())));
    EXPECT_TRUE(run_task(io_, leases_.ensure(kLeaseTtl, soon())));
  }
  ~LeaseKeeperTest() override {
    keeper_.stop();
    replica_.stop();
    run_task(io_, tasks_.join());
  }

  Task<void> append(std::string document) {
    for (bus::Message& message : document_version(std::move(document), 1, {{"a", "b"}}).messages()) {
      const auto stored = co_await streams_->append(std::move(message), soon());
      EXPECT_TRUE(stored);
      if (stored) end_ = *stored;
    }
  }
  static Task<void> nothing() { co_return; }
  void start() {
    tasks_.spawn(replica_.run());
    tasks_.spawn(keeper_.run());
  }
  bool becomes_ready() {
    return run_task(io_, eventually([this] { return keeper_.ready(); }));
  }

  asio::io_context io_;
  kefu::testing::TemporaryDirectory directory_;
  bus::MemoryBroker broker_{io_.get_executor()};
  std::unique_ptr<bus::StreamStore> streams_ = broker_.stream_store();
  std::unique_ptr<bus::StreamReader> reader_ = broker_.stream_reader();
  WatchedBucket leases_{broker_.bucket(std::string(proto::kLeasesBucket))};
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
  LeaseKeeper keeper_{io_.get_executor(), leases_, *streams_, replica_, "one", log_};
  TaskGroup tasks_{io_.get_executor(), {}};
  std::uint64_t end_ = 0;
};

TEST_F(LeaseKeeperTest, AnswersOnlyAfterALeaseThatCountsIsWritten) {
  bool counts = false;
  bool answered_before = false;
  leases_.before = [&](const kefu::v1::IndexLease& lease) {
    if (!counts) answered_before = answered_before || keeper_.ready();
    counts = counts || lease.ready();
  };
  start();
  EXPECT_TRUE(becomes_ready());
  EXPECT_TRUE(counts);
  EXPECT_FALSE(answered_before);
}

TEST_F(LeaseKeeperTest, AnswersOnlyWithWhatCameBeforeItsLeaseCounted) {
  run_task(io_, append("before"));
  leases_.after = [this, told = false](const kefu::v1::IndexLease& lease) mutable {
    // Declared searchable by whoever had not seen this lease yet.
    return lease.ready() && !std::exchange(told, true) ? append("while it was written") : nothing();
  };
  start();
  EXPECT_TRUE(becomes_ready());
  EXPECT_EQ(end_, 4U);  // parts and manifests of both
  EXPECT_GE(replica_.applied(), end_);
}

TEST_F(LeaseKeeperTest, DoesNotCountWhileItCatchesUp) {
  for (int i = 0; i < 50; ++i) run_task(io_, append("document " + std::to_string(i)));
  std::vector<std::uint64_t> counted;
  leases_.before = [&](const kefu::v1::IndexLease& lease) {
    if (lease.ready()) counted.push_back(lease.applied_sequence());
  };
  start();
  EXPECT_TRUE(becomes_ready());
  ASSERT_FALSE(counted.empty());
  EXPECT_EQ(counted.front(), end_);
}

}  // namespace
}  // namespace kefu::index
