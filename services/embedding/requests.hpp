#pragma once

#include "embedding_flow.hpp"
#include "embedding_metrics.hpp"

#include <kefu/async/task.hpp>
#include <kefu/base/error.hpp>
#include <kefu/base/request_context.hpp>
#include <kefu/telemetry/log.hpp>
#include <kefu/telemetry/metrics.hpp>
#include <kefu/telemetry/operation_metrics.hpp>

#include <cstddef>
#include <string>

namespace kefu::embedding {

/// The service's questions as they come over the bus: payload in, payload out.
class Requests {
 public:
  /// `fewest_dimensions`: to which the model's vectors may be cut; 0: they may not.
  Requests(EmbeddingFlow& flow, telemetry::Metrics& metrics, const telemetry::Logger& log,
           std::size_t fewest_dimensions = 0);

  /// EmbedRequest -> EmbedResponse. Errors: those of EmbeddingFlow::embed(), `payload_too_large`.
  Task<Result<std::string>> embed(RequestContext context, std::string payload);
  /// CountTokensRequest -> CountTokensResponse. Errors: `invalid_argument`, `payload_too_large`.
  Task<Result<std::string>> count_tokens(RequestContext context, std::string payload);
  /// GetModelRequest -> GetModelResponse.
  Task<Result<std::string>> model(RequestContext context);

 private:
  Task<Result<std::string>> embed_checked(RequestContext context, std::string payload);
  Task<Result<std::string>> count_checked(std::string payload);
  /// Counts the outcome; an error that is ours goes to the log, and the model's own when it changes.
  void finished(const telemetry::OperationMetrics& operation, const RequestContext& context,
                Deadline::Clock::time_point begin, const Result<std::string>& result);
  void tell(const RequestContext& context, const Error& error);

  EmbeddingFlow& flow_;
  const telemetry::Logger& log_;
  std::size_t fewest_dimensions_;
  telemetry::OperationMetrics embed_metrics_;
  telemetry::OperationMetrics count_metrics_;
  telemetry::OperationMetrics model_metrics_;
  std::string told_;  ///< what the log says of the model; empty while it embeds
};

}  // namespace kefu::embedding
