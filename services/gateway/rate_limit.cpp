#include "rate_limit.hpp"

#include <algorithm>
#include <utility>

namespace kefu::gateway {
namespace {

using namespace std::chrono_literals;

constexpr auto kRedisWithin = 50ms;
constexpr auto kPauseAfterFailure = 1s;
/// Tokens of a slice that nobody used for so long are forgotten: the bucket has filled again meanwhile.
constexpr auto kSliceLasts = 6s;

/// A request looks at the shared bucket so often, when others of the same key take what it waited for.
constexpr int kMostTurns = 20;

std::uint32_t slice_of(redis::BucketRate rate) { return std::max(1U, rate.burst / 10); }

}  // namespace

redis::BucketRate bucket_rate(std::uint32_t requests_per_minute) {
  return {.per_minute = requests_per_minute, .burst = std::max(10U, requests_per_minute / 10)};
}

SharedRateLimiter::SharedRateLimiter(asio::any_io_executor executor, redis::TokenBuckets* shared,
                                     telemetry::Metrics& metrics)
    : executor_(std::move(executor)),
      shared_(shared),
      local_decisions_(metrics.counter(
          "kefu_gateway_local_rate_limits_total",
          "Requests of limited keys that were counted by this replica alone, because Redis did not answer")) {
}

Task<std::optional<std::chrono::milliseconds>> SharedRateLimiter::take(std::string key_id,
                                                                       std::uint32_t requests_per_minute) {
  const redis::BucketRate rate = bucket_rate(requests_per_minute);
  std::shared_ptr<Key>& known = keys_[key_id];
  if (!known) known = std::make_shared<Key>(executor_);
  const std::shared_ptr<Key> key = known;
  for (int turn = 0; shared_ != nullptr && turn < kMostTurns; ++turn) {
    const TimePoint now = Deadline::Clock::now();
    if (now < local_until_) break;
    if (now > key->taken + kSliceLasts) key->tokens = 0;
    if (key->tokens > 0) {
      --key->tokens;
      co_return std::nullopt;
    }
    if (now < key->refused_until)
      co_return std::chrono::ceil<std::chrono::milliseconds>(key->refused_until - now);
    if (key->refilling) {
      co_await key->refilled.wait(Deadline::in(2 * kRedisWithin));
    } else if (!co_await refill(key, key_id, rate)) {
      break;
    }
  }
  co_return take_local(key_id, rate);
}

Task<bool> SharedRateLimiter::refill(std::shared_ptr<Key> key, std::string key_id, redis::BucketRate rate) {
  key->refilling = true;
  const auto grant =
      co_await shared_->take(std::move(key_id), rate, slice_of(rate), Deadline::in(kRedisWithin));
  key->refilling = false;
  const TimePoint now = Deadline::Clock::now();
  if (!grant) {
    local_until_ = now + kPauseAfterFailure;
  } else {
    key->tokens = grant->tokens;
    key->taken = now;
    if (grant->tokens == 0) key->refused_until = now + std::max(1ms, grant->wait);
  }
  key->refilled.raise();
  co_return grant.has_value();
}

std::optional<std::chrono::milliseconds> SharedRateLimiter::take_local(const std::string& key_id,
                                                                       redis::BucketRate rate) {
  local_decisions_.add();
  const redis::Grant grant = local_.take_now(key_id, rate, 1);
  if (grant.tokens > 0) return std::nullopt;
  return std::max(1ms, grant.wait);
}

}  // namespace kefu::gateway
