#pragma once

#include <kefu/testing/process.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace kefu::testing {

/// A real nats-server with JetStream on a free port, with its store in a temporary folder. The constructor
/// returns when it takes connections.
class NatsServer {
 public:
  explicit NatsServer(std::vector<std::string> extra_arguments = {});
  std::string url() const;
  std::uint16_t port() const { return port_; }
  void kill();   ///< kill -9
  void start();  ///< again, on the same port and store
  void pause();  ///< SIGSTOP: alive but silent
  void resume();

 private:
  TemporaryDirectory store_;
  std::uint16_t port_;
  std::vector<std::string> extra_arguments_;
  std::optional<Process> process_;
};

/// A real redis-server on a free port, without persistence.
class RedisServer {
 public:
  explicit RedisServer(std::vector<std::string> extra_arguments = {});
  std::string url() const;
  std::uint16_t port() const { return port_; }
  void kill();
  void start();
  void pause();
  void resume();

 private:
  TemporaryDirectory store_;
  std::uint16_t port_;
  std::vector<std::string> extra_arguments_;
  std::optional<Process> process_;
};

/// Blocks until something listens on 127.0.0.1:port; throws std::runtime_error after ten seconds.
void wait_for_port(std::uint16_t port);

}  // namespace kefu::testing
