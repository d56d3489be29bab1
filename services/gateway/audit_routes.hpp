#pragma once

#include "reply.hpp"

#include <kefu/bus/stream_store.hpp>

namespace kefu::gateway {

/// /v1/audit: what KEFU_AUDIT holds, a page at a time. There is no route that changes it.
class AuditRoutes {
 public:
  /// Both outlive this object.
  AuditRoutes(bus::StreamStore& store, bus::StreamReader& reader) : store_(store), reader_(reader) {}

  /// JSON lines, oldest first; while more may follow, the field `Link` names the next page.
  Task<Result<Reply>> list(RequestContext context, const Caller& caller, http::Exchange& exchange);

 private:
  bus::StreamStore& store_;
  bus::StreamReader& reader_;
};

}  // namespace kefu::gateway
