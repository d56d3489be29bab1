#pragma once

#include "reply.hpp"

#include <kefu/bus/message_bus.hpp>

namespace kefu::gateway {

/// /v1/kbs and /v1/kbs/{kb}: index owns the knowledge bases and answers.
class KnowledgeBaseRoutes {
 public:
  explicit KnowledgeBaseRoutes(bus::MessageBus& bus) : bus_(bus) {}

  Task<Result<Reply>> list(RequestContext context, const Caller& caller);
  Task<Result<Reply>> put(RequestContext context, http::Exchange& exchange);
  Task<Result<Reply>> get(RequestContext context, http::Exchange& exchange);
  Task<Result<Reply>> remove(RequestContext context, http::Exchange& exchange);

 private:
  bus::MessageBus& bus_;
};

}  // namespace kefu::gateway
