#pragma once

#include <kefu/bus/key_value.hpp>
#include <kefu/bus/message_bus.hpp>
#include <kefu/bus/stream_store.hpp>
#include <kefu/testing/run_task.hpp>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace kefu::bus {

using namespace std::chrono_literals;
using testing::eventually;

/// A broker with two connections to it.
class World {
 public:
  virtual ~World() = default;
  asio::io_context& io() { return io_; }
  virtual MessageBus& bus() = 0;
  virtual MessageBus& other_bus() = 0;
  virtual StreamStore& store() = 0;
  virtual StreamReader& reader() = 0;
  virtual std::unique_ptr<KeyValueBucket> bucket(std::string name) = 0;

 private:
  asio::io_context io_;
};

using MakeWorld = std::function<std::unique_ptr<World>()>;
std::unique_ptr<World> memory_world();
std::unique_ptr<World> nats_world();

struct WorldParameter {
  std::string name;
  MakeWorld make;
};

class BusContract : public ::testing::TestWithParam<WorldParameter> {
 protected:
  BusContract() : world_(GetParam().make()) {}
  World& world() { return *world_; }

 private:
  std::unique_ptr<World> world_;
};

inline RequestContext in_time(std::chrono::milliseconds limit = 5s) {
  return RequestContext{.request_id = "test", .deadline = Deadline::in(limit)};
}
inline Deadline soon() { return Deadline::in(5s); }

/// Returns when the broker knows what this connection serves and subscribes to: it reads a connection in
/// order.
inline Task<void> settle(MessageBus& bus) {
  EXPECT_FALSE(co_await bus.request(in_time(), {.subject = "test.settle"}));
}

/// The handler of a service that a test wants to be called.
inline Task<Result<std::string>> echo(RequestContext, Message message, ReplySink&) {
  co_return message.payload;
}

}  // namespace kefu::bus

/// A test whose body is a coroutine with the parameter `World& world`.
#define BUS_TEST(suite, name)                                                               \
  static ::kefu::Task<void> suite##_##name(::kefu::bus::World& world);                      \
  TEST_P(suite, name) { ::kefu::testing::run_task(world().io(), suite##_##name(world())); } \
  static ::kefu::Task<void> suite##_##name([[maybe_unused]] ::kefu::bus::World& world)

#define BUS_CONTRACT(suite)                                                                \
  class suite : public ::kefu::bus::BusContract {};                                        \
  INSTANTIATE_TEST_SUITE_P(                                                                \
      , suite,                                                                             \
      ::testing::Values(::kefu::bus::WorldParameter{"Memory", &::kefu::bus::memory_world}, \
                        ::kefu::bus::WorldParameter{"Nats", &::kefu::bus::nats_world}),    \
      [](const auto& info) { return info.param.name; })

/// ASSERT_TRUE for coroutines.
#define CO_ASSERT(condition)     \
  if (!(condition)) {            \
    ADD_FAILURE() << #condition; \
    co_return;                   \
  }                              \
  static_assert(true)
