#pragma once

#include <kefu/async/task.hpp>
#include <kefu/base/deadline.hpp>
#include <kefu/base/error.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace kefu::bus {

struct KvEntry {
  std::string key;
  std::string value;
  std::uint64_t revision = 0;
  bool erased = false;
};

/// Every change of a bucket, beginning with its present entries.
class KvWatch {
 public:
  virtual ~KvWatch() = default;
  /// The next entry; nullopt once, after the entries that were there when the watch began.
  /// Survives reconnects; after one, entries may be repeated, none is missed.
  /// Errors: `deadline_exceeded` (call again), `unavailable` (call again later).
  virtual Task<Result<std::optional<KvEntry>>> next(Deadline deadline) = 0;
};

/// A JetStream key-value bucket of NATS' own layout (stream KV_<bucket>, subjects $KV.<bucket>.<key>).
/// Keys: letters, digits, `-`, `_`, `=`, `.`. Errors of all: `unavailable`, `deadline_exceeded`.
class KeyValueBucket {
 public:
  virtual ~KeyValueBucket() = default;
  /// Creates the bucket if it is missing; entries expire `ttl` after their last write, 0: never.
  virtual Task<Result<>> ensure(std::chrono::milliseconds ttl, Deadline deadline) = 0;
  /// Errors: `not_found` for a key that is absent, erased or expired.
  virtual Task<Result<KvEntry>> get(std::string key, Deadline deadline) = 0;
  /// Writes when the key's newest revision is `expected_revision` (0: the key is absent or was erased and the
  /// caller does not know its revision); returns the new revision. Without `expected_revision` it always
  /// writes. Errors: `conflict`.
  virtual Task<Result<std::uint64_t>> put(std::string key, std::string value,
                                          std::optional<std::uint64_t> expected_revision,
                                          Deadline deadline) = 0;
  virtual Task<Result<>> erase(std::string key, Deadline deadline) = 0;
  virtual Result<std::unique_ptr<KvWatch>> watch() = 0;
};

}  // namespace kefu::bus
