#pragma once

#include "reply.hpp"

#include <kefu/bus/message_bus.hpp>

namespace kefu::gateway {

/// /v1/embeddings in OpenAI's format.
class EmbeddingRoutes {
 public:
  explicit EmbeddingRoutes(bus::MessageBus& bus) : bus_(bus) {}
  Task<Result<Reply>> embed(RequestContext context, http::Exchange& exchange);

 private:
  bus::MessageBus& bus_;
};

}  // namespace kefu::gateway
