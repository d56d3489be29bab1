#pragma once

#include "cached_value.hpp"
#include "embedder.hpp"
#include "embedding_metrics.hpp"
#include "lane.hpp"
#include "text_key.hpp"
#include "vector_memory.hpp"

#include <kefu/async/task.hpp>
#include <kefu/provider/breaker.hpp>
#include <kefu/redis/key_value_cache.hpp>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kefu::embedding {

struct VectorCacheOptions {
  std::chrono::seconds ttl{std::chrono::hours(24 * 30)};
  std::chrono::milliseconds timeout{100};         ///< a slower Redis is no help
  std::size_t memory_bytes = 32UL * 1024 * 1024;  ///< of the tier in this process; 0: none
  /// The wall clock: the age of a vector is told by whichever replica computed it.
  std::function<std::chrono::system_clock::time_point()> now = std::chrono::system_clock::now;
};

/// Vectors by model, role and normalised text, in two tiers: this process's memory, then Redis, which all
/// replicas share. An outage of Redis is misses, counted; while it is slower than `timeout` it is left alone
/// but for one attempt a second, so that not every question waits for it. Event loop only, but for key().
class VectorCache {
 public:
  using Value = std::shared_ptr<const TextVector>;

  VectorCache(redis::KeyValueCache& store, const ModelInfo& model, VectorCacheOptions options,
              const EmbeddingMetrics& metrics);

  /// Names the text in both tiers and among the texts in flight. Any thread.
  TextKey key(Role role, std::string_view normalized_text) const {
    return TextKey::of(scopes_[static_cast<std::size_t>(role)], normalized_text);
  }
  /// The key's name in Redis.
  std::string redis_key(const TextKey& key) const;

  /// At once, from memory; null where it is not there.
  Value recall(const TextKey& key, Lane lane);
  /// From Redis, in one round trip, and into memory. The result has the size of `keys`.
  Task<std::vector<Value>> lookup(std::vector<TextKey> keys, Lane lane);

  struct Entry {
    TextKey key;
    Value value;
  };
  /// Into memory, at once.
  void remember(const Entry& entry, Lane lane);
  /// Into Redis, in one round trip.
  Task<void> store(std::vector<Entry> entries);

  /// What Redis holds under the key's name, into memory; null where that is garbage.
  Value read(const TextKey& key, const std::string& redis_key, const std::string& bytes, Lane lane);
  /// Redis answered the last call, so another one about the same texts is worth its time.
  bool redis_helps() const { return store_.available() && answered_; }
  /// Of one call of Redis.
  std::chrono::milliseconds timeout() const { return options_.timeout; }

 private:
  std::chrono::sys_seconds now() const { return std::chrono::floor<std::chrono::seconds>(options_.now()); }
  void keep(const TextKey& key, const TextVector& value, Lane lane, std::chrono::sys_seconds written);
  bool ask_redis() { return patience_.admit(Deadline::Clock::now()); }
  void redis_answered(const Error* error);

  redis::KeyValueCache& store_;
  const ModelInfo& model_;
  VectorCacheOptions options_;
  const EmbeddingMetrics& metrics_;
  std::array<std::string, 2> scopes_;  // by Role
  std::optional<VectorMemory> memory_;
  provider::Breaker patience_;
  bool answered_ = true;
};

}  // namespace kefu::embedding
