#pragma once

#include "kefu/v1/common.pb.h"
#include "kefu/v1/search.pb.h"

#include <kefu/async/task.hpp>
#include <kefu/base/error.hpp>
#include <kefu/base/request_context.hpp>
#include <kefu/bus/message_bus.hpp>
#include <kefu/usage/payer.hpp>

#include <string>

namespace kefu::answer {

/// A question as the index takes it.
struct QuestionVector {
  std::string float32;  ///< components as bytes, empty where there is no vector
  std::string model_fingerprint;
  kefu::v1::Usage usage;
};

/// Turns one question into a vector. Errors: those of the bus and of the embedding service; `bad_upstream`
/// for a reply that is none; `budget_exhausted` where `payer` may not pay for a question that is new.
class EmbeddingClient {
 public:
  virtual ~EmbeddingClient() = default;
  virtual Task<Result<QuestionVector>> embed(RequestContext context, std::string question,
                                             usage::Payer payer) = 0;
};

/// Finds passages. Errors: those of the bus and of the index; `bad_upstream` for a reply that is none.
class SearchClient {
 public:
  virtual ~SearchClient() = default;
  virtual Task<Result<kefu::v1::SearchResponse>> search(RequestContext context,
                                                        kefu::v1::SearchRequest request) = 0;
};

class BusEmbeddingClient final : public EmbeddingClient {
 public:
  /// `bus` outlives this object.
  explicit BusEmbeddingClient(bus::MessageBus& bus) : bus_(bus) {}
  Task<Result<QuestionVector>> embed(RequestContext context, std::string question,
                                     usage::Payer payer) override;

 private:
  bus::MessageBus& bus_;
};

/// Asks a second replica when the first one is lost or not ready.
class BusSearchClient final : public SearchClient {
 public:
  /// `bus` outlives this object.
  explicit BusSearchClient(bus::MessageBus& bus) : bus_(bus) {}
  Task<Result<kefu::v1::SearchResponse>> search(RequestContext context,
                                                kefu::v1::SearchRequest request) override;

 private:
  bus::MessageBus& bus_;
};

}  // namespace kefu::answer
