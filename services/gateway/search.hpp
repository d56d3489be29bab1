#pragma once

#include "reply.hpp"

#include <kefu/bus/message_bus.hpp>

namespace kefu::gateway {

/// /v1/kbs/{kb}/search: the retrieve step of answer, so that a search finds what a question would.
class SearchRoutes {
 public:
  explicit SearchRoutes(bus::MessageBus& bus) : bus_(bus) {}
  Task<Result<Reply>> search(RequestContext context, const Caller& caller, http::Exchange& exchange);

 private:
  bus::MessageBus& bus_;
};

}  // namespace kefu::gateway
