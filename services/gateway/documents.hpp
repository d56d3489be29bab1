#pragma once

#include "kefu/v1/log.pb.h"
#include "reply.hpp"
#include "upload_source.hpp"

#include <kefu/async/in_flight_limit.hpp>
#include <kefu/base/error.hpp>
#include <kefu/bus/message_bus.hpp>
#include <kefu/bus/stream_store.hpp>
#include <kefu/directory/knowledge_bases.hpp>
#include <kefu/telemetry/metrics.hpp>

#include <cstddef>
#include <string>

namespace kefu::gateway {

/// Changes of /v1/kbs/{kb}/documents: each becomes a job in KEFU_JOBS, whose sequence is its id, and is
/// answered 202.
class DocumentRoutes {
 public:
  /// Everything outlives this object. `knowledge_bases` must read the bucket itself rather than a copy of it:
  /// an upload put into the incarnation before would be lost.
  DocumentRoutes(bus::MessageBus& bus, bus::StreamStore& store,
                 const directory::KnowledgeBases& knowledge_bases, telemetry::Metrics& metrics,
                 std::size_t max_uploads, std::size_t max_upload_bytes);

  Task<Result<Reply>> upload(RequestContext context, Caller& caller, http::Exchange& exchange);
  Task<Result<Reply>> remove(RequestContext context, const Caller& caller, http::Exchange& exchange);
  Task<Result<Reply>> change_row(RequestContext context, const Caller& caller, http::Exchange& exchange);
  Task<Result<Reply>> remove_row(RequestContext context, const Caller& caller, http::Exchange& exchange);
  Task<Result<Reply>> append_row(RequestContext context, const Caller& caller, http::Exchange& exchange);

 private:
  Task<Result<Reply>> store_file(RequestContext context, kefu::v1::KnowledgeBase kb, kefu::v1::Job job,
                                 UploadSource& source);
  /// Of a document that exists: its knowledge base and filename are in the path.
  Task<Result<Reply>> append_change(RequestContext context, const Caller& caller, http::Exchange& exchange,
                                    kefu::v1::Job job);
  Task<Result<Reply>> append_job(RequestContext context, kefu::v1::KnowledgeBase kb, kefu::v1::Job job);

  bus::MessageBus& bus_;
  bus::StreamStore& store_;
  const directory::KnowledgeBases& knowledge_bases_;
  InFlightLimit uploads_;
  std::size_t max_upload_bytes_;
  telemetry::Counter received_bytes_;
};

}  // namespace kefu::gateway
