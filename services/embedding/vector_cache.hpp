#pragma once

#include "cached_value.hpp"
#include "embedder.hpp"
#include "embedding_metrics.hpp"

#include <kefu/async/task.hpp>
#include <kefu/redis/key_value_cache.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kefu::embedding {

struct VectorCacheOptions {
  std::chrono::seconds ttl{std::chrono::hours(24 * 30)};
  std::chrono::milliseconds timeout{100};  ///< a slower Redis is no help
};

/// Vectors by model, role and normalised text. An outage of Redis is misses, counted.
class VectorCache {
 public:
  VectorCache(redis::KeyValueCache& store, const ModelInfo& model, VectorCacheOptions options,
              const EmbeddingMetrics& metrics)
      : store_(store), model_(model), options_(options), metrics_(metrics) {}

  /// Names the text in Redis and among the texts in flight. Any thread.
  std::string key(Role role, std::string_view normalized_text) const;

  /// One round trip; the result has the size of `keys`.
  Task<std::vector<std::optional<TextVector>>> lookup(std::vector<std::string> keys) const;

  struct Entry {
    std::string key;
    std::shared_ptr<const TextVector> value;
  };
  /// One round trip.
  Task<void> store(std::vector<Entry> entries) const;

 private:
  redis::KeyValueCache& store_;
  const ModelInfo& model_;
  VectorCacheOptions options_;
  const EmbeddingMetrics& metrics_;
};

}  // namespace kefu::embedding
