#pragma once

#include <kefu/async/signal.hpp>
#include <kefu/async/task.hpp>
#include <kefu/redis/memory_token_buckets.hpp>
#include <kefu/redis/token_buckets.hpp>
#include <kefu/telemetry/metrics.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

namespace kefu::gateway {

/// Seam: how often a key may call.
class RateLimiter {
 public:
  virtual ~RateLimiter() = default;
  /// nullopt: this request may go on; else how long to wait before the next try. Never fails.
  virtual Task<std::optional<std::chrono::milliseconds>> take(std::string key_id,
                                                              std::uint32_t requests_per_minute) = 0;
};

/// One limit for all replicas: tokens come from shared buckets, a slice at a time, so that only one in
/// several requests of a busy key waits for Redis. What other replicas took of the last slice may still be
/// used, so each replica may let a tenth of the burst more through. While Redis is down or slow, each replica
/// holds the whole limit on its own. Remembers every key that called, as many as there are.
class SharedRateLimiter final : public RateLimiter {
 public:
  /// `shared` outlives this object; nullptr: there is no Redis.
  SharedRateLimiter(asio::any_io_executor executor, redis::TokenBuckets* shared, telemetry::Metrics& metrics);

  Task<std::optional<std::chrono::milliseconds>> take(std::string key_id,
                                                      std::uint32_t requests_per_minute) override;

 private:
  using TimePoint = Deadline::Clock::time_point;
  struct Key {
    explicit Key(const asio::any_io_executor& executor) : refilled(executor) {}
    std::uint32_t tokens = 0;  ///< of a slice
    TimePoint taken{};         ///< when the slice was
    TimePoint refused_until{};
    bool refilling = false;
    Signal refilled;
  };
  /// False when the shared buckets did not answer.
  Task<bool> refill(std::shared_ptr<Key> key, std::string key_id, redis::BucketRate rate);
  std::optional<std::chrono::milliseconds> take_local(const std::string& key_id, redis::BucketRate rate);

  asio::any_io_executor executor_;
  redis::TokenBuckets* shared_;
  redis::MemoryTokenBuckets local_;
  TimePoint local_until_{};  ///< a Redis that has just failed is not waited for again at once
  std::unordered_map<std::string, std::shared_ptr<Key>> keys_;
  telemetry::Counter local_decisions_;
};

/// A tenth of a minute's requests may come at once, and never fewer than ten.
redis::BucketRate bucket_rate(std::uint32_t requests_per_minute);

}  // namespace kefu::gateway
