#pragma once

#include <kefu/async/task_group.hpp>
#include <kefu/bus/jetstream.hpp>
#include <kefu/bus/nats_bus.hpp>
#include <kefu/testing/run_task.hpp>
#include <kefu/testing/servers.hpp>
#include <kefu/testing/tcp_gate.hpp>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace kefu::bus {

using namespace std::chrono_literals;
using testing::eventually;

/// A real server, and connections to it that are drained when the test ends.
class NatsFixture : public ::testing::Test {
 public:
  ~NatsFixture() override {
    for (auto& bus : buses_) testing::run_task(io_, bus->drain(Deadline::in(2s)));
  }

  Task<NatsBus*> connect(NatsOptions options) {
    NatsBus& bus = add(std::move(options));
    EXPECT_TRUE(co_await bus.wait_connected(Deadline::in(10s)));
    co_return &bus;
  }
  Task<NatsBus*> connect() { return connect({.url = server_.url()}); }
  NatsBus& add(NatsOptions options) {
    buses_.push_back(std::make_unique<NatsBus>(io_.get_executor(), std::move(options),
                                               [this](bool connected) { changes_.push_back(connected); }));
    EXPECT_TRUE(buses_.back()->start());
    return *buses_.back();
  }
  void run(Task<void> task) { testing::run_task(io_, std::move(task)); }

  testing::NatsServer server_;
  asio::io_context io_;
  std::vector<bool> changes_;  // of all connections
  std::vector<std::unique_ptr<NatsBus>> buses_;
};

inline RequestContext in_time(std::chrono::milliseconds limit = 20s) {
  return RequestContext{.request_id = "test", .deadline = Deadline::in(limit)};
}
inline Deadline soon() { return Deadline::in(10s); }

}  // namespace kefu::bus

/// A test whose body is a coroutine with the parameter `fixture& t`.
#define NATS_TEST(fixture, name)                          \
  static Task<void> fixture##_##name(fixture& t);         \
  TEST_F(fixture, name) { run(fixture##_##name(*this)); } \
  static Task<void> fixture##_##name(fixture& t)

/// ASSERT_TRUE for coroutines.
#define CO_ASSERT(condition)     \
  if (!(condition)) {            \
    ADD_FAILURE() << #condition; \
    co_return;                   \
  }                              \
  static_assert(true)
