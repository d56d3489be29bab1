#pragma once

#include "kefu/v1/access.pb.h"

#include <kefu/async/signal.hpp>
#include <kefu/async/task.hpp>
#include <kefu/base/deadline.hpp>
#include <kefu/base/error.hpp>
#include <kefu/bus/bucket_follower.hpp>
#include <kefu/bus/key_value.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace kefu::gateway {

/// The API keys: a local copy of the bucket KEFU_KEYS, kept fresh by a watch, and the only writer of it. Keys
/// are looked up in the copy alone, so that guesses at keys cost nobody else anything; a key made or revoked
/// on another replica counts here as soon as the watch tells, a moment later. Records are never erased.
class KeyStore {
 public:
  /// `bucket` outlives this object.
  KeyStore(asio::any_io_executor executor, bus::KeyValueBucket& bucket);
  KeyStore(const KeyStore&) = delete;

  /// Follows the bucket until stop(); spawn it in the owner's task group.
  Task<void> run() { return follower_.run(); }
  void stop() { follower_.stop(); }

  /// True once the copy holds what the bucket held when run() began.
  bool complete() const { return complete_; }
  /// Whether it is complete by the deadline.
  Task<bool> wait_complete(Deadline deadline);
  /// True as soon as there ever was a record, revoked and expired ones included.
  bool any() const { return any_; }

  /// nullptr for a secret that nobody was given. Valid until the next co_await.
  const kefu::v1::ApiKey* find_by_hash(const std::string& secret_sha256) const;
  std::size_t size() const { return by_id_.size(); }
  /// All of them, oldest first.
  std::vector<kefu::v1::ApiKey> all() const;

  /// Errors: `conflict` (the id exists), `unavailable`, `deadline_exceeded`.
  Task<Result<>> add(kefu::v1::ApiKey key, Deadline deadline);
  /// From now on; a key that is revoked already stays revoked since then. With `keep_one`, at least one
  /// usable key that manages everything must remain. Errors: `not_found`, `conflict` (none would remain, or
  /// somebody else revokes one at this moment), `unavailable`, `deadline_exceeded`.
  Task<Result<>> revoke(std::string id, bool keep_one, Deadline deadline);

 private:
  struct Entry {
    kefu::v1::ApiKey key;
    std::uint64_t revision = 0;
  };
  void apply(const bus::KvEntry& entry);
  void put(kefu::v1::ApiKey key, std::uint64_t revision);
  Task<Result<>> claim_revocation(std::string id, Deadline deadline);
  bool another_remains(std::string_view id, std::string_view nor_this) const;

  bus::KeyValueBucket& bucket_;
  bus::BucketFollower follower_;
  Signal completed_;
  std::unordered_map<std::string, Entry> by_id_;
  std::unordered_map<std::string, std::string> id_by_hash_;
  bool complete_ = false;
  bool any_ = false;
};

}  // namespace kefu::gateway
