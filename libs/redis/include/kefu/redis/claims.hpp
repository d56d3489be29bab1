#pragma once

#include <kefu/async/task.hpp>
#include <kefu/base/deadline.hpp>
#include <kefu/base/error.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace kefu::redis {

/// Which of several processes makes a value that all of them lack. A claim is a process' word that it is at
/// work on a key of the cache, good for a while. Claims may be lost at any time, which costs making the value
/// twice and nothing else. Errors of all: `unavailable`, `deadline_exceeded`, `overloaded`, `bad_upstream`.
class Claims {
 public:
  struct Wanted {
    std::string key;      ///< of the value
    bool urgent = false;  ///< takes the claim of one who is not
  };
  /// At most one of the two; neither: another process holds the claim.
  struct Taken {
    std::optional<std::string> value;  ///< it is there already
    bool held = false;                 ///< by the token given, for the time given
  };
  virtual ~Claims() = default;

  /// One step for each key, one round trip for all; the result has the size of `wanted`. What the token holds
  /// already is held for the time given from now, so this also renews.
  virtual Task<Result<std::vector<Taken>>> take(std::vector<Wanted> wanted, std::string token,
                                                std::chrono::milliseconds time, Deadline deadline) = 0;
  /// Gives back those claims that the token holds. One round trip.
  virtual Task<Result<>> release(std::vector<std::string> keys, std::string token, Deadline deadline) = 0;
};

}  // namespace kefu::redis
