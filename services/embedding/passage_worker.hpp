#pragma once

#include "embedding_flow.hpp"
#include "embedding_metrics.hpp"

#include <kefu/async/signal.hpp>
#include <kefu/bus/stream_store.hpp>
#include <kefu/telemetry/log.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace kefu::embedding {

/// Gives the passages of one message of KEFU_PASSAGES their vectors and appends both to KEFU_VECTORS. Doing
/// it again changes nothing: the same subject receives the same content. While the model is away or busy a
/// part waits in its slot, which spends none of its deliveries and pulls no further part. While a budget is
/// used up, a part waits beside the slots, and those of others go on.
class PassageWorker {
 public:
  struct Pauses {
    std::chrono::milliseconds first{500};
    std::chrono::milliseconds longest{30000};
    std::chrono::milliseconds budget{5000};  ///< after which a used up one is looked at again
    /// The same, of a part that cannot be kept here meanwhile: it is sent and stored anew each time.
    std::chrono::milliseconds budget_of_many{600000};
  };
  PassageWorker(asio::any_io_executor executor, EmbeddingFlow& flow, bus::StreamStore& store,
                const EmbeddingMetrics& metrics, const telemetry::Logger& log)
      : PassageWorker(std::move(executor), flow, store, metrics, log, Pauses{}) {}
  PassageWorker(asio::any_io_executor executor, EmbeddingFlow& flow, bus::StreamStore& store,
                const EmbeddingMetrics& metrics, const telemetry::Logger& log, Pauses pauses)
      : flow_(flow),
        store_(store),
        metrics_(metrics),
        log_(log),
        pauses_(pauses),
        stopped_(std::move(executor)) {}

  Task<bus::WorkOutcome> work(bus::StoredMessage message, unsigned deliveries);
  /// Only tells: ingest owns the job and sees the dead letter.
  Task<void> given_up(bus::StoredMessage message, std::string reason);
  /// Parts that wait go back to the stream.
  void stop();

 private:
  Task<Result<>> embed_part(const bus::StoredMessage& message);
  Task<Result<EmbeddedTexts>> embed(std::vector<std::string> texts, usage::Payer payer,
                                    std::string_view subject);
  Task<bus::WorkOutcome> wait_for_budget(bus::StoredMessage message, unsigned deliveries, std::string reason);

  EmbeddingFlow& flow_;
  bus::StreamStore& store_;
  const EmbeddingMetrics& metrics_;
  const telemetry::Logger& log_;
  Pauses pauses_;
  /// Messages that wait for a budget, and whose: they are not looked up again and again.
  std::unordered_map<std::uint64_t, usage::Payer> waiting_;
  Signal stopped_;
  bool stopping_ = false;
};

}  // namespace kefu::embedding
