#pragma once

#include <kefu/redis/key_value_cache.hpp>
#include <kefu/redis/redis_options.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace kefu::redis {

class Connection;

/// KeyValueCache over one pipelined connection. hiredis makes and reads the protocol, the socket is Asio's.
/// Connects in the background and again after a failure; meanwhile every call fails at once. A call that
/// times out leaves the connection in order: its late reply is dropped.
class RedisCache final : public KeyValueCache {
 public:
  RedisCache(asio::any_io_executor executor, RedisOptions options);
  ~RedisCache() override;

  /// Runs the connection until stop(); spawn it in the owner's task group.
  Task<void> run();
  void stop();

  Task<Result<std::vector<std::optional<std::string>>>> get_many(std::vector<std::string> keys,
                                                                 Deadline deadline) override;
  Task<Result<>> put_many(std::vector<std::pair<std::string, std::string>> entries, std::chrono::seconds ttl,
                          Deadline deadline) override;
  bool available() const override;

 private:
  friend class RedisClaims;
  std::shared_ptr<Connection> connection_;
};

}  // namespace kefu::redis
