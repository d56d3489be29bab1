#pragma once

#include "reply.hpp"

#include <kefu/bus/message_bus.hpp>

namespace kefu::gateway {

/// GET of /v1/kbs/{kb}/documents and of one of them: index has the documents and answers.
class DocumentViewRoutes {
 public:
  explicit DocumentViewRoutes(bus::MessageBus& bus) : bus_(bus) {}

  Task<Result<Reply>> list(RequestContext context, http::Exchange& exchange);
  Task<Result<Reply>> get(RequestContext context, http::Exchange& exchange);

 private:
  bus::MessageBus& bus_;
};

}  // namespace kefu::gateway
