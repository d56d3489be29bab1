#include "config.hpp"

namespace kefu::embedding {

void add_settings(service::Settings& settings, EmbeddingConfig& config) {
  settings.add("model", config.model.model_path, "GGUF file of the embedding model");
  settings.add("query-prefix", config.model.query_prefix, "what the model expects before a question");
  settings.add("passage-prefix", config.model.passage_prefix, "what the model expects before a passage");
  settings.add("max-tokens", config.model.max_tokens, "longest text in tokens; less if the model takes less");
  settings.add("workers", config.model.workers, "texts computed at once; 0: two, or one on a single core");
  settings.add("threads", config.model.threads,
               "threads of one text: more pay only on cores with nothing else to do");
  settings.add("queue-tokens", config.queue.question_tokens,
               "tokens that may wait for the model; more are refused");
  settings.add("redis-url", config.redis_url,
               "Redis that keeps vectors: redis://[user@]host[:port][/database]");
  settings.add_secret("redis-password", config.redis_password, "password of Redis");
  settings.add("cache-ttl", config.cache_ttl, "vectors are kept for so long");
  settings.add("cache-timeout", config.cache_timeout, "when Redis takes longer, do without it");
  settings.add("import-slots", config.import_slots, "parts of documents embedded at once");
}

Result<> validate(const EmbeddingConfig& config) {
  if (config.model.model_path.empty()) return fail(Errc::invalid_argument, "model must name a GGUF file");
  if (config.model.max_tokens == 0) return fail(Errc::invalid_argument, "max-tokens must be at least 1");
  if (config.model.threads == 0) return fail(Errc::invalid_argument, "threads must be at least 1");
  if (config.queue.question_tokens == 0)
    return fail(Errc::invalid_argument, "queue-tokens must be at least 1");
  if (config.import_slots == 0) return fail(Errc::invalid_argument, "import-slots must be at least 1");
  if (config.cache_ttl < std::chrono::seconds(1))
    return fail(Errc::invalid_argument, "cache-ttl must be at least 1s");
  if (auto redis = config.redis(); !redis) return fail(std::move(redis).error());
  return {};
}

VectorCacheOptions EmbeddingConfig::cache() const {
  return {.ttl = std::chrono::duration_cast<std::chrono::seconds>(cache_ttl), .timeout = cache_timeout};
}

Result<redis::RedisOptions> EmbeddingConfig::redis() const {
  KEFU_TRY(redis::RedisOptions options, redis::parse_redis_url(redis_url));
  if (!redis_password.empty()) options.password = redis_password;
  return options;
}

}  // namespace kefu::embedding
