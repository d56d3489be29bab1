#pragma once

#include <kefu/redis/key_value_cache.hpp>

#include <memory>
#include <string>

namespace kefu::redis {

struct RedisOptions {
  std::string host = "127.0.0.1";
  std::string port = "6379";
  std::string username = {};
  std::string password = {};
  int database = 0;
  std::chrono::milliseconds connect_timeout{1000};
  /// Commands waiting for a reply; more are refused at once with `overloaded`.
  std::size_t max_in_flight = 1024;
};

/// redis://[user[:password]@]host[:port][/database]. Errors: `invalid_argument`; the message never holds the
/// password.
Result<RedisOptions> parse_redis_url(const std::string& url);

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
  class Connection;
  std::shared_ptr<Connection> connection_;
};

}  // namespace kefu::redis
