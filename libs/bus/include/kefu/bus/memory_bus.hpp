#pragma once

#include <kefu/bus/key_value.hpp>
#include <kefu/bus/message_bus.hpp>
#include <kefu/bus/stream_store.hpp>

#include <memory>
#include <string>

namespace kefu::bus {

/// A broker inside one process, for tests: the contract suites run on it and on a real server alike.
class MemoryBroker {
 public:
  explicit MemoryBroker(asio::any_io_executor executor);
  ~MemoryBroker();

  /// A connection of its own; several share what they publish.
  std::unique_ptr<MessageBus> connect();
  std::unique_ptr<StreamStore> stream_store();
  std::unique_ptr<StreamReader> stream_reader();
  std::unique_ptr<KeyValueBucket> bucket(std::string name);
  /// While false, every bus says it is disconnected and every call fails with `unavailable`.
  void set_connected(bool connected);

  class State;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace kefu::bus
