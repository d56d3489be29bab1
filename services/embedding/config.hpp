#pragma once

#include "llama_embedder.hpp"
#include "model_queue.hpp"
#include "remote_config.hpp"
#include "vector_cache.hpp"

#include <kefu/base/error.hpp>
#include <kefu/redis/redis_cache.hpp>
#include <kefu/service/settings.hpp>
#include <kefu/usage/prices.hpp>

#include <chrono>
#include <cstddef>
#include <string>

namespace kefu::embedding {

struct EmbeddingConfig {
  LlamaOptions model = {.model_path = ".cache/models/multilingual-e5-small-q4_0.gguf"};
  RemoteConfig remote = {};
  /// To which the model's vectors may be cut, where it was trained for that; 0: never.
  std::size_t fewest_dimensions = 0;
  QueueLimits queue;
  std::string redis_url = "redis://127.0.0.1:6379";
  std::string redis_password = {};
  std::chrono::milliseconds cache_ttl = VectorCacheOptions{}.ttl;
  std::chrono::milliseconds cache_timeout = VectorCacheOptions{}.timeout;
  service::ByteSize memory_cache = {VectorCacheOptions{}.memory_bytes};
  std::size_t import_slots = 3;
  std::string prices = {};
  usage::Prices model_prices = {};  ///< what `prices` says, after validate()

  VectorCacheOptions cache() const;
  /// Errors: `invalid_argument`, without the password.
  Result<redis::RedisOptions> redis() const;
};

void add_settings(service::Settings& settings, EmbeddingConfig& config);

/// After the settings were read: completes what follows from them. Errors: `invalid_argument`, naming the
/// setting.
Result<> validate(EmbeddingConfig& config);

}  // namespace kefu::embedding
