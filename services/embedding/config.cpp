#include "config.hpp"

#include <fmt/format.h>

namespace kefu::embedding {
void add_settings(service::Settings& settings, EmbeddingConfig& config) {
  settings.add("model", config.model.model_path, "GGUF file of the embedding model");
  settings.add("query-prefix", config.model.query_prefix,
               "what the model expects before a question, or none");
  settings.add("passage-prefix", config.model.passage_prefix,
               "what the model expects before a passage, or none");
  settings.add("max-tokens", config.model.max_tokens, "longest text in tokens; less if the model takes less");
  settings.add("workers", config.model.workers, "texts computed at once; 0: two, or one on a single core");
  settings.add("threads", config.model.threads,
               "threads of one text: more pay only on cores with nothing else to do");
  settings.add("matryoshka-dimensions", config.fewest_dimensions,
               "fewest dimensions to which vectors may be cut, of a model that was trained for that "
               "(Matryoshka); 0: never");
  add_remote_settings(settings, config.remote);
  settings.add("queue-tokens", config.queue.question_tokens,
               "tokens that may wait for the model; more are refused");
  settings.add("redis-url", config.redis_url,
               "Redis that keeps vectors: redis://[user@]host[:port][/database]");
  settings.add_secret("redis-password", config.redis_password, "password of Redis");
  settings.add("cache-ttl", config.cache_ttl, "vectors are kept for so long");
  settings.add("cache-timeout", config.cache_timeout, "when Redis takes longer, do without it");
  settings.add("memory-cache", config.memory_cache,
               "memory for vectors in this process, in front of Redis; 0: none");
  settings.add("import-slots", config.import_slots, "parts of documents embedded at once");
  settings.add("prices", config.prices,
               "of a million tokens of each model, such as text-embedding-v4=0.5, separated by commas");
}

namespace {

/// An empty setting counts as not given, so a model that takes texts as they are is told so by a word.
void read_none(std::string& prefix) {
  if (prefix == "none") prefix.clear();
}

}  // namespace

Result<> validate(EmbeddingConfig& config) {
  for (std::string* prefix : {&config.model.query_prefix, &config.model.passage_prefix,
                              &config.remote.embedder.query_prefix, &config.remote.embedder.passage_prefix}) {
    read_none(*prefix);
  }
  if (config.remote.given()) KEFU_CHECK(complete(config.remote));
  if (config.model.model_path.empty()) return fail(Errc::invalid_argument, "model must name a GGUF file");
  if (config.model.max_tokens == 0) return fail(Errc::invalid_argument, "max-tokens must be at least 1");
  if (config.model.threads == 0) return fail(Errc::invalid_argument, "threads must be at least 1");
  if (config.queue.question_tokens == 0)
    return fail(Errc::invalid_argument, "queue-tokens must be at least 1");
  if (config.import_slots == 0) return fail(Errc::invalid_argument, "import-slots must be at least 1");
  if (config.cache_ttl < std::chrono::seconds(1))
    return fail(Errc::invalid_argument, "cache-ttl must be at least 1s");
  if (auto redis = config.redis(); !redis) return fail(std::move(redis).error());
  auto prices = usage::Prices::parse(config.prices);
  if (!prices) return fail(Errc::invalid_argument, "prices: " + prices.error().message);
  config.model_prices = *std::move(prices);
  return {};
}

VectorCacheOptions EmbeddingConfig::cache() const {
  return {.ttl = std::chrono::duration_cast<std::chrono::seconds>(cache_ttl),
          .timeout = cache_timeout,
          .memory_bytes = memory_cache.bytes};
}

Result<redis::RedisOptions> EmbeddingConfig::redis() const {
  KEFU_TRY(redis::RedisOptions options, redis::parse_redis_url(redis_url));
  if (!redis_password.empty()) options.password = redis_password;
  return options;
}

}  // namespace kefu::embedding
