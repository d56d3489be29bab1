#pragma once

#include "embedding_flow.hpp"
#include "embedding_metrics.hpp"

#include <kefu/bus/stream_store.hpp>
#include <kefu/telemetry/log.hpp>

#include <string>

namespace kefu::embedding {

/// Gives the passages of one message of KEFU_PASSAGES their vectors and appends both to KEFU_VECTORS. Doing
/// it again changes nothing: the same subject receives the same content.
class PassageWorker {
 public:
  PassageWorker(EmbeddingFlow& flow, bus::StreamStore& store, const EmbeddingMetrics& metrics,
                const telemetry::Logger& log)
      : flow_(flow), store_(store), metrics_(metrics), log_(log) {}

  Task<bus::WorkOutcome> work(bus::StoredMessage message, unsigned deliveries);
  /// Only tells: ingest owns the job and sees the dead letter.
  Task<void> given_up(bus::StoredMessage message, std::string reason);

 private:
  Task<Result<>> embed_part(const bus::StoredMessage& message);

  EmbeddingFlow& flow_;
  bus::StreamStore& store_;
  const EmbeddingMetrics& metrics_;
  const telemetry::Logger& log_;
};

}  // namespace kefu::embedding
