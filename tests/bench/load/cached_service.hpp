#pragma once

#include "kefu/v1/embedding.pb.h"
#include "load/measurement.hpp"

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

/// kefu-embedding as a process behind a NATS of its own, and a client of it in this process.
class CachedService {
 public:
  /// `name` is what its lines begin with. Returns when it serves; throws std::runtime_error when it does not
  /// within a minute.
  CachedService(asio::io_context& io, std::string name, const std::string& redis_url,
                const std::vector<std::string>& arguments);
  ~CachedService();

  const std::string& name() const { return name_; }
  pid_t pid() const { return process_.pid(); }

  /// One request for the `count` texts from `first` on, counted round. Throws when it fails.
  Task<kefu::v1::EmbedResponse> embed(const std::vector<std::string>& texts, std::size_t first,
                                      std::size_t count, kefu::v1::VectorFormat format);
  /// Clients that send their next request, of `count` texts, when they have the answer to the last. Throws
  /// when a text was not in the cache.
  Task<void> in_turn(const std::vector<std::string>& texts, std::size_t clients, std::size_t count,
                     kefu::v1::VectorFormat format, Measurement& measurement, Clock::duration time);

 private:
  struct Asked {
    const std::vector<std::string>& texts;
    std::size_t count;
    kefu::v1::VectorFormat format;
    Measurement& measurement;
    Clock::time_point end;
  };
  Task<void> client(Asked asked);
  void wait_until_it_serves();

  asio::io_context& io_;
  std::string name_;
  testing::TemporaryDirectory folder_;
  testing::NatsServer nats_;
  std::uint16_t admin_port_ = testing::free_port();
  testing::Process process_;
  bus::NatsBus bus_;
  std::size_t next_ = 0;
};

}  // namespace kefu::bench
