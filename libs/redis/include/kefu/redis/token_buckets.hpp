#pragma once

#include <kefu/async/task.hpp>
#include <kefu/base/deadline.hpp>
#include <kefu/base/error.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace kefu::redis {

/// How fast a bucket fills and how much it holds. Both are at least 1.
struct BucketRate {
  std::uint32_t per_minute = 1;
  std::uint32_t burst = 1;
};

struct Grant {
  std::uint32_t tokens = 0;
  std::chrono::milliseconds wait{0};  ///< where there was none: until the next one
};

/// Buckets of tokens that fill with time: a new one is full. They may be lost at any time, which makes them
/// full again. Errors of all: `unavailable`, `deadline_exceeded`, `overloaded`, `bad_upstream`.
class TokenBuckets {
 public:
  virtual ~TokenBuckets() = default;
  /// Takes up to `wanted` tokens, what there is of them. The rate is the caller's: a bucket whose rate
  /// changes keeps its tokens, up to the new burst.
  virtual Task<Result<Grant>> take(std::string bucket, BucketRate rate, std::uint32_t wanted,
                                   Deadline deadline) = 0;
};

}  // namespace kefu::redis
