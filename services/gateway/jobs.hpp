#pragma once

#include "job_stream.hpp"
#include "kefu/v1/log.pb.h"
#include "reply.hpp"

#include <kefu/bus/message_bus.hpp>

#include <cstdint>

namespace kefu::gateway {

/// /v1/jobs: ingest owns the jobs and answers.
class JobRoutes {
 public:
  explicit JobRoutes(bus::MessageBus& bus) : bus_(bus), streams_(bus) {}

  /// Those that are not finished.
  Task<Result<Reply>> list(RequestContext context, const Caller& caller, http::Exchange& exchange);
  Task<Result<Reply>> get(RequestContext context, const Caller& caller, http::Exchange& exchange);
  Task<Result<Reply>> cancel(RequestContext context, Caller& caller, http::Exchange& exchange);
  /// Ends the streams of get(), so that the server can be drained.
  void close_streams() { streams_.close(); }

 private:
  bus::MessageBus& bus_;
  JobStreams streams_;
};

}  // namespace kefu::gateway
