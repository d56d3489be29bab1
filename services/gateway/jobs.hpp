#pragma once

#include "reply.hpp"

#include <kefu/bus/message_bus.hpp>

namespace kefu::gateway {

/// /v1/jobs/{job}: ingest owns the jobs and answers.
class JobRoutes {
 public:
  explicit JobRoutes(bus::MessageBus& bus) : bus_(bus) {}
  Task<Result<Reply>> get(RequestContext context, const Caller& caller, http::Exchange& exchange);

 private:
  bus::MessageBus& bus_;
};

}  // namespace kefu::gateway
