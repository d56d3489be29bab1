#pragma once

#include <kefu/redis/token_buckets.hpp>

#include <string>
#include <unordered_map>

namespace kefu::redis {

/// TokenBuckets of this process alone: for tests, and for a limit that holds while Redis is down. Keeps every
/// bucket that was ever asked for.
class MemoryTokenBuckets final : public TokenBuckets {
 public:
  Task<Result<Grant>> take(std::string bucket, BucketRate rate, std::uint32_t wanted,
                           Deadline deadline) override;
  /// The same without waiting, which this one never does.
  Grant take_now(const std::string& bucket, BucketRate rate, std::uint32_t wanted);

 private:
  struct State {
    double tokens;
    Deadline::Clock::time_point filled;
  };
  std::unordered_map<std::string, State> states_;
};

}  // namespace kefu::redis
