#include "index_metrics.hpp"

namespace kefu::index {
namespace {

constexpr auto kStage = "kefu_index_search_stage_seconds";
constexpr auto kStageHelp = "Parts of a search in the engine";

}  // namespace

IndexMetrics::IndexMetrics(telemetry::Metrics& metrics)
    : dense(metrics.latency(kStage, kStageHelp, {{"stage", "dense"}})),
      lexical(metrics.latency(kStage, kStageHelp, {{"stage", "lexical"}})),
      lexical_only(metrics.counter("kefu_index_lexical_only_searches_total",
                                   "Searches in which no vectors could be compared")),
      documents(metrics.gauge("kefu_index_documents", "Documents that are visible")),
      passages(metrics.gauge("kefu_index_passages", "Passages that are visible")),
      vector_bytes(metrics.gauge("kefu_index_vector_bytes", "Memory of all vectors")),
      applied_sequence(
          metrics.gauge("kefu_index_applied_sequence", "Last sequence of KEFU_VECTORS that is visible")),
      lag(metrics.gauge("kefu_index_lag_messages", "Sequences of KEFU_VECTORS not yet visible")),
      ready(metrics.gauge("kefu_index_ready", "1 while this replica answers searches")),
      replayed(metrics.counter("kefu_index_replayed_messages_total", "Messages read from KEFU_VECTORS")),
      erased(metrics.counter("kefu_index_erased_messages_total",
                             "Superseded messages that this replica erased from KEFU_VECTORS")),
      invalid(metrics.counter("kefu_index_invalid_messages_total",
                              "Messages of KEFU_VECTORS that cannot be read and were left out")),
      dropped(
          metrics.counter("kefu_index_dropped_messages_total",
                          "Messages given up because their version left KEFU_VECTORS without being whole")),
      purged(metrics.counter("kefu_index_purged_passage_parts_total",
                             "Messages of deleted knowledge bases taken out of KEFU_PASSAGES")) {}

}  // namespace kefu::index
