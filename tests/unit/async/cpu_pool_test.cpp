#include <kefu/async/cpu_pool.hpp>
#include <kefu/testing/run_task.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <utility>

namespace kefu {
namespace {

Task<std::pair<std::thread::id, std::thread::id>> run_elsewhere(CpuPool& pool) {
  const auto worker = co_await pool.run([] { return std::this_thread::get_id(); });
  co_return std::pair{worker, std::this_thread::get_id()};
}
Task<std::unique_ptr<int>> move_through(CpuPool& pool, std::unique_ptr<int> value) {
  co_return co_await pool.run([value = std::move(value)]() mutable { return std::move(value); });
}
Task<int> run_void(CpuPool& pool) {
  int seen = 0;
  co_await pool.run([&seen] { seen = 7; });
  co_return seen;
}

Task<void> work_until(CpuPool& pool, std::atomic<bool>& begun, std::atomic<bool>& going, bool& ended) {
  co_await pool.run([&] {
    begun = true;
    begun.notify_all();
    going.wait(false);
    std::this_thread::yield();
    ended = true;
  });
}

TEST(CpuPool, WorksOnAnotherThreadAndResumesOnTheCallers) {
  asio::io_context io;
  CpuPool pool(1);
  const auto [worker, resumed] = testing::run_task(io, run_elsewhere(pool));
  EXPECT_NE(worker, std::this_thread::get_id());
  EXPECT_EQ(resumed, std::this_thread::get_id());
}

TEST(CpuPool, CarriesValuesThatCanOnlyBeMoved) {
  asio::io_context io;
  CpuPool pool(1);
  EXPECT_EQ(*testing::run_task(io, move_through(pool, std::make_unique<int>(5))), 5);
}

TEST(CpuPool, RunsFunctionsThatReturnNothing) {
  asio::io_context io;
  CpuPool pool(2);
  EXPECT_EQ(testing::run_task(io, run_void(pool)), 7);
}

TEST(CpuPool, MayBeDestroyedAfterTheEventLoopOfItsCallers) {
  CpuPool pool(2);
  for (int i = 0; i < 200; ++i) {
    asio::io_context io;
    EXPECT_EQ(testing::run_task(io, run_void(pool)), 7);
  }
}

TEST(CpuPool, IsAwaitedByAnEventLoopThatGoesWhileItWorks) {
  CpuPool pool(1);
  for (int i = 0; i < 50; ++i) {
    std::atomic<bool> begun = false;
    std::atomic<bool> going = false;
    bool ended = false;
    {
      asio::io_context io;
      asio::co_spawn(io, work_until(pool, begun, going, ended), asio::detached);
      io.poll();
      begun.wait(false);
      going = true;
      going.notify_all();
    }
    EXPECT_TRUE(ended);
  }
}

}  // namespace
}  // namespace kefu
