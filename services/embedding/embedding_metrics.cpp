#include "embedding_metrics.hpp"

namespace kefu::embedding {
namespace {

constexpr auto kTexts = "kefu_embedding_texts_total";
constexpr auto kTextsHelp = "Texts embedded, by where the vector came from";
constexpr auto kSaved = "kefu_embedding_tokens_saved_total";
constexpr auto kSavedHelp = "Tokens that did not go through the model, by what saved them";
constexpr auto kLookups = "kefu_embedding_cache_lookups_total";
constexpr auto kLookupsHelp = "Texts looked up, by tier; corrupt and error are misses too";

telemetry::Counter lookups(telemetry::Metrics& metrics, const char* tier, const char* result) {
  return metrics.counter(kLookups, kLookupsHelp, {{"tier", tier}, {"result", result}});
}

EmbeddingMetrics::Saved saved_by(telemetry::Metrics& metrics, const char* source) {
  return {metrics.counter(kTexts, kTextsHelp, {{"source", source}}),
          metrics.counter(kSaved, kSavedHelp, {{"source", source}})};
}

telemetry::Gauge lane_gauge(telemetry::Metrics& metrics, const char* name, const char* help,
                            const char* lane) {
  return metrics.gauge(name, help, {{"lane", lane}});
}

}  // namespace

EmbeddingMetrics::EmbeddingMetrics(telemetry::Metrics& metrics)
    : texts_computed(metrics.counter(kTexts, kTextsHelp, {{"source", "model"}})),
      tokens_computed(
          metrics.counter("kefu_embedding_tokens_computed_total", "Tokens that went through the model")),
      by_memory(saved_by(metrics, "memory")),
      by_redis(saved_by(metrics, "redis")),
      by_joining(saved_by(metrics, "joined")),
      by_replica(saved_by(metrics, "replica")),
      claims(metrics),
      memory_hits(lookups(metrics, "memory", "hit")),
      memory_misses(lookups(metrics, "memory", "miss")),
      memory_entries(metrics.gauge("kefu_embedding_memory_cache_entries", "Vectors in this process's cache")),
      memory_bytes(metrics.gauge("kefu_embedding_memory_cache_bytes", "What they take")),
      redis_hits(lookups(metrics, "redis", "hit")),
      redis_misses(lookups(metrics, "redis", "miss")),
      redis_corrupt(lookups(metrics, "redis", "corrupt")),
      redis_errors(lookups(metrics, "redis", "error")),
      cache_write_errors(
          metrics.counter("kefu_embedding_cache_write_errors_total", "Vectors that Redis did not take")),
      queued_texts{
          lane_gauge(metrics, "kefu_embedding_queue_texts", "Texts waiting for the model", "question"),
          lane_gauge(metrics, "kefu_embedding_queue_texts", "Texts waiting for the model", "import")},
      queued_tokens{
          lane_gauge(metrics, "kefu_embedding_queue_tokens", "Tokens waiting for the model", "question"),
          lane_gauge(metrics, "kefu_embedding_queue_tokens", "Tokens waiting for the model", "import")},
      inference(metrics.latency("kefu_embedding_inference_seconds", "One call of the model")),
      dropped(metrics.counter("kefu_embedding_dropped_texts_total",
                              "Texts not computed because their callers had gone or were out of time")),
      refused(
          metrics.counter("kefu_embedding_refused_texts_total", "Texts refused because the queue was full")),
      passages(
          metrics.counter("kefu_embedding_passages_total", "Passages written to the log with their vectors")),
      redeliveries(
          metrics.counter("kefu_embedding_part_redeliveries_total", "Parts of documents delivered again")),
      parts_given_up(metrics.counter("kefu_embedding_parts_given_up_total",
                                     "Parts of documents that went to the dead letters")) {}

}  // namespace kefu::embedding
