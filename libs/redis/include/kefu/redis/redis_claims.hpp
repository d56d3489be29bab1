#pragma once

#include <kefu/redis/claims.hpp>
#include <kefu/redis/redis_cache.hpp>

#include <memory>

namespace kefu::redis {

/// Claims over the connection of a cache, whose keys they are for. The claim on a key is the key
/// `<key>:claim`.
class RedisClaims final : public Claims {
 public:
  explicit RedisClaims(const RedisCache& cache) : connection_(cache.connection_) {}

  Task<Result<std::vector<Taken>>> take(std::vector<Wanted> wanted, std::string token,
                                        std::chrono::milliseconds time, Deadline deadline) override;
  Task<Result<>> release(std::vector<std::string> keys, std::string token, Deadline deadline) override;

 private:
  std::shared_ptr<Connection> connection_;
};

}  // namespace kefu::redis
