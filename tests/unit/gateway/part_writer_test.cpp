#include "part_writer.hpp"

#include <kefu/async/signal.hpp>
#include <kefu/testing/run_task.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace kefu::gateway {
namespace {

using namespace std::chrono_literals;
using testing::eventually;
using testing::run_task;

/// A stream whose acknowledgements the test gives out one by one.
class HeldStore final : public bus::StreamStore {
 public:
  explicit HeldStore(asio::any_io_executor executor) : changed_(std::move(executor)) {}

  Task<Result<std::uint64_t>> append(bus::Message message, Deadline deadline) override {
    subjects.insert(message.subject);
    most_waiting = std::max(most_waiting, ++waiting);
    while (allowed == 0) {
      if (!co_await changed_.wait(deadline)) break;
    }
    --waiting;
    if (allowed == 0) co_return fail(Errc::deadline_exceeded, "late");
    --allowed;
    if (failure) co_return fail(*failure);
    co_return ++stored;
  }
  void acknowledge(std::size_t count) {
    allowed += count;
    changed_.raise();
  }

  Task<Result<>> ensure(bus::StreamSpec, Deadline) override { co_return Result<>{}; }
  Task<Result<bus::StreamState>> state(std::string, Deadline) override { co_return bus::StreamState{}; }
  Task<Result<bus::StoredMessage>> last(std::string, std::string, Deadline) override {
    co_return fail(Errc::not_found, "none");
  }
  Task<Result<>> erase(std::string, std::uint64_t, Deadline) override { co_return Result<>{}; }
  Task<Result<std::uint64_t>> purge(std::string, std::string, Deadline) override { co_return 0U; }

  std::set<std::string> subjects;
  std::size_t waiting = 0;
  std::size_t most_waiting = 0;
  std::size_t allowed = 0;
  std::uint64_t stored = 0;
  std::optional<Error> failure;

 private:
  Signal changed_;
};

class PartWriterTest : public ::testing::Test {
 protected:
  Task<void> put_all(PartWriter& writer, int parts) {
    for (int i = 0; i < parts && outcome_; ++i) {
      outcome_ = co_await writer.put("part");
      if (outcome_) ++put_;
    }
    if (const auto finished = co_await writer.finish(); outcome_) outcome_ = finished;
    done_ = true;
  }

  asio::io_context io_;
  HeldStore store_{io_.get_executor()};
  TaskGroup tasks_{io_.get_executor(), {}};
  Result<> outcome_;
  int put_ = 0;
  bool done_ = false;
};

Task<void> four_at_once(HeldStore& store, TaskGroup& tasks, int& put, bool& done) {
  EXPECT_TRUE(co_await eventually([&] { return store.waiting == 4; }));
  EXPECT_EQ(put, 3);  // the fourth put waits, so nothing more is read from the client
  store.acknowledge(1);
  EXPECT_TRUE(co_await eventually([&] { return store.stored == 1 && store.waiting == 4; }));
  store.acknowledge(9);
  EXPECT_TRUE(co_await eventually([&] { return done; }));
  co_await tasks.join();
}

TEST_F(PartWriterTest, LeavesAtMostFourPartsUnacknowledgedAndStoresEachUnderItsNumber) {
  PartWriter writer(io_.get_executor(), store_, "u1", Deadline::in(30s));
  tasks_.spawn(put_all(writer, 10));
  run_task(io_, four_at_once(store_, tasks_, put_, done_));
  EXPECT_TRUE(outcome_);
  EXPECT_EQ(store_.stored, 10U);
  EXPECT_EQ(store_.most_waiting, 4U);
  EXPECT_EQ(writer.parts(), 10U);
  EXPECT_EQ(store_.subjects.size(), 10U);
  EXPECT_TRUE(store_.subjects.contains("kefu.v1.files.u1.9"));
}

TEST_F(PartWriterTest, GivesTheFirstErrorAndWaitsForWhatIsUnderWay) {
  store_.failure = Error{Errc::insufficient_storage, "full"};
  store_.allowed = 100;
  PartWriter writer(io_.get_executor(), store_, "u1", Deadline::in(30s));
  tasks_.spawn(put_all(writer, 10));
  run_task(io_, tasks_.join());
  ASSERT_FALSE(outcome_);
  EXPECT_EQ(outcome_.error().code, Errc::insufficient_storage);
  EXPECT_LT(writer.parts(), 10U);
  EXPECT_EQ(store_.waiting, 0U);
}

TEST_F(PartWriterTest, EndsAtItsDeadlineWhenNothingIsAcknowledged) {
  PartWriter writer(io_.get_executor(), store_, "u1", Deadline::in(50ms));
  tasks_.spawn(put_all(writer, 10));
  run_task(io_, tasks_.join());
  ASSERT_FALSE(outcome_);
  EXPECT_EQ(outcome_.error().code, Errc::deadline_exceeded);
}

}  // namespace
}  // namespace kefu::gateway
