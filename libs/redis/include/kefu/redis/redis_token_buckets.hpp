#pragma once

#include <kefu/redis/redis_options.hpp>
#include <kefu/redis/token_buckets.hpp>

#include <memory>
#include <string>

namespace kefu::redis {

class Connection;

/// TokenBuckets that all processes share, filled by the clock of the Redis server. A bucket is a hash under
/// `kefu:tokens:<bucket>` that expires when it is full.
class RedisTokenBuckets final : public TokenBuckets {
 public:
  RedisTokenBuckets(asio::any_io_executor executor, RedisOptions options);
  ~RedisTokenBuckets() override;

  /// Runs the connection until stop(); spawn it in the owner's task group.
  Task<void> run();
  void stop();
  /// False while the connection is known to be down.
  bool available() const;

  Task<Result<Grant>> take(std::string bucket, BucketRate rate, std::uint32_t wanted,
                           Deadline deadline) override;

 private:
  std::shared_ptr<Connection> connection_;
};

}  // namespace kefu::redis
