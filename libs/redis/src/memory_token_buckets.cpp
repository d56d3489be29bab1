#include <kefu/redis/memory_token_buckets.hpp>

#include <algorithm>
#include <cmath>

namespace kefu::redis {
namespace {

using Milliseconds = std::chrono::duration<double, std::milli>;

constexpr double kMillisecondsPerMinute = 60'000;

}  // namespace

Task<Result<Grant>> MemoryTokenBuckets::take(std::string bucket, BucketRate rate, std::uint32_t wanted,
                                             Deadline deadline) {
  if (deadline.passed())
    co_return fail(Errc::deadline_exceeded, "the deadline passed before a token was asked for");
  co_return take_now(bucket, rate, wanted);
}

Grant MemoryTokenBuckets::take_now(const std::string& bucket, BucketRate rate, std::uint32_t wanted) {
  const auto now = Deadline::Clock::now();
  const double per_millisecond = rate.per_minute / kMillisecondsPerMinute;
  State& state = states_.try_emplace(bucket, State{static_cast<double>(rate.burst), now}).first->second;
  state.tokens += Milliseconds(now - state.filled).count() * per_millisecond;
  state.tokens = std::min(state.tokens, static_cast<double>(rate.burst));
  state.filled = now;
  const double granted = std::min(static_cast<double>(wanted), std::floor(state.tokens));
  state.tokens -= granted;
  Grant grant{.tokens = static_cast<std::uint32_t>(granted)};
  if (granted < 1) {
    grant.wait =
        std::chrono::milliseconds(static_cast<std::int64_t>(std::ceil((1 - state.tokens) / per_millisecond)));
  }
  return grant;
}

}  // namespace kefu::redis
