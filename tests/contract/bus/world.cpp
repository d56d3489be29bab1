#include "world.hpp"

#include <kefu/bus/jetstream.hpp>
#include <kefu/bus/memory_bus.hpp>
#include <kefu/bus/nats_bus.hpp>
#include <kefu/testing/servers.hpp>

#include <utility>

namespace kefu::bus {
namespace {

class MemoryWorld final : public World {
 public:
  MessageBus& bus() override { return *bus_; }
  MessageBus& other_bus() override { return *other_bus_; }
  StreamStore& store() override { return *store_; }
  StreamReader& reader() override { return *reader_; }
  std::unique_ptr<KeyValueBucket> bucket(std::string name) override {
    return broker_.bucket(std::move(name));
  }

 private:
  MemoryBroker broker_{io().get_executor()};
  std::unique_ptr<MessageBus> bus_ = broker_.connect();
  std::unique_ptr<MessageBus> other_bus_ = broker_.connect();
  std::unique_ptr<StreamStore> store_ = broker_.stream_store();
  std::unique_ptr<StreamReader> reader_ = broker_.stream_reader();
};

class NatsWorld final : public World {
 public:
  NatsWorld() { testing::run_task(io(), connect()); }
  ~NatsWorld() override { testing::run_task(io(), disconnect()); }
  MessageBus& bus() override { return bus_; }
  MessageBus& other_bus() override { return other_bus_; }
  StreamStore& store() override { return store_; }
  StreamReader& reader() override { return reader_; }
  std::unique_ptr<KeyValueBucket> bucket(std::string name) override {
    return std::make_unique<JetStreamBucket>(io().get_executor(), bus_, std::move(name));
  }

 private:
  Task<void> connect() {
    for (NatsBus* bus : {&bus_, &other_bus_}) {
      EXPECT_TRUE(bus->start());
      EXPECT_TRUE(co_await bus->wait_connected(Deadline::in(5s)));
    }
  }
  Task<void> disconnect() {
    for (NatsBus* bus : {&bus_, &other_bus_}) co_await bus->drain(Deadline::in(5s));
  }

  testing::NatsServer server_;
  NatsBus bus_{io().get_executor(), {.url = server_.url()}, {}};
  NatsBus other_bus_{io().get_executor(), {.url = server_.url()}, {}};
  JetStreamStore store_{bus_};
  JetStreamReader reader_{io().get_executor(), bus_};
};

}  // namespace

std::unique_ptr<World> memory_world() { return std::make_unique<MemoryWorld>(); }
std::unique_ptr<World> nats_world() { return std::make_unique<NatsWorld>(); }

}  // namespace kefu::bus
