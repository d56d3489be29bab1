#pragma once

#include <kefu/redis/claims.hpp>
#include <kefu/redis/key_value_cache.hpp>

#include <string>
#include <unordered_map>

namespace kefu::redis {

/// Claims in this process on the keys of a cache, for tests.
class MemoryClaims final : public Claims {
 public:
  /// `cache` outlives this.
  explicit MemoryClaims(KeyValueCache& cache) : cache_(cache) {}

  Task<Result<std::vector<Taken>>> take(std::vector<Wanted> wanted, std::string token,
                                        std::chrono::milliseconds time, Deadline deadline) override;
  Task<Result<>> release(std::vector<std::string> keys, std::string token, Deadline deadline) override;

 private:
  struct Claim {
    std::string token;
    bool urgent = false;
    Deadline until;
  };
  bool hold(const Wanted& wanted, const std::string& token, std::chrono::milliseconds time);

  KeyValueCache& cache_;
  std::unordered_map<std::string, Claim> claims_;
};

}  // namespace kefu::redis
