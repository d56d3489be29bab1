#pragma once

#include "embeddings_json.hpp"
#include "reply.hpp"

#include <kefu/async/in_flight_limit.hpp>
#include <kefu/bus/message_bus.hpp>

#include <cstddef>

namespace kefu::gateway {

/// /v1/embeddings in OpenAI's format.
class EmbeddingRoutes {
 public:
  /// At most `max_in_flight` requests are open; more are refused with `overloaded`.
  EmbeddingRoutes(bus::MessageBus& bus, std::size_t max_in_flight) : bus_(bus), limit_(max_in_flight) {}
  Task<Result<Reply>> embed(RequestContext context, const Caller& caller, http::Exchange& exchange);

 private:
  Task<Result<EmbeddingsResponse>> ask(RequestContext context, EmbeddingsRequest request);

  bus::MessageBus& bus_;
  InFlightLimit limit_;
};

}  // namespace kefu::gateway
