#pragma once

#include <kefu/async/task.hpp>
#include <kefu/bus/nats_bus.hpp>
#include <kefu/testing/process.hpp>
#include <kefu/testing/servers.hpp>

#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace kefu::bench {

/// Some kefu-embedding as processes behind one NATS and one Redis of their own, and clients of them.
class EmbeddingReplicas {
 public:
  /// Returns when all of them serve; throws std::runtime_error when one does not within a minute.
  EmbeddingReplicas(asio::io_context& io, std::size_t replicas);
  ~EmbeddingReplicas();

  /// Asks for one text after the other, each by the first of `clients` that is free. Throws when one fails.
  void ask(const std::vector<std::string>& texts, std::size_t clients);

  /// Of all replicas, the sum of the series whose lines begin so.
  double metric(const std::string& series);

 private:
  struct Replica {
    std::uint16_t admin_port;
    testing::Process process;
  };
  Task<void> client(const std::vector<std::string>& texts, std::size_t& next);
  Task<std::string> get(std::size_t replica, std::string path);
  void wait_until_ready(std::size_t replica);

  asio::io_context& io_;
  testing::TemporaryDirectory folder_;
  testing::NatsServer nats_;
  testing::RedisServer redis_;
  std::vector<Replica> replicas_;
  bus::NatsBus bus_;
};

}  // namespace kefu::bench
