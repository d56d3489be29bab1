#pragma once

#include <kefu/async/task.hpp>
#include <kefu/base/deadline.hpp>
#include <kefu/base/error.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kefu::redis {

/// Values that may be lost at any time: callers treat every error as a miss.
/// Errors of all: `unavailable`, `deadline_exceeded`, `bad_upstream` (a reply of another type, or OOM).
class KeyValueCache {
 public:
  virtual ~KeyValueCache() = default;
  /// One round trip for all keys; a missing one is nullopt. The result has the size of `keys`.
  virtual Task<Result<std::vector<std::optional<std::string>>>> get_many(std::vector<std::string> keys,
                                                                         Deadline deadline) = 0;
  /// One round trip for all entries; each expires after `ttl`.
  virtual Task<Result<>> put_many(std::vector<std::pair<std::string, std::string>> entries,
                                  std::chrono::seconds ttl, Deadline deadline) = 0;
  /// False while the connection is known to be down.
  virtual bool available() const = 0;
};

}  // namespace kefu::redis
