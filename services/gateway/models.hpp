#pragma once

#include "kefu/v1/embedding.pb.h"
#include "kefu/v1/knowledge_base.pb.h"
#include "reply.hpp"

#include <kefu/bus/message_bus.hpp>

namespace kefu::gateway {

/// /v1/models in OpenAI's format: knowledge bases, which /v1/chat/completions takes as models, and the
/// embedding model of /v1/embeddings.
class ModelRoutes {
 public:
  explicit ModelRoutes(bus::MessageBus& bus) : bus_(bus) {}

  /// Without the embedding model while its service does not answer.
  Task<Result<Reply>> list(RequestContext context, const Caller& caller);
  Task<Result<Reply>> get(RequestContext context, const Caller& caller, http::Exchange& exchange);

 private:
  Task<Result<kefu::v1::GetModelResponse>> embedding_model(RequestContext context);

  bus::MessageBus& bus_;
};

}  // namespace kefu::gateway
