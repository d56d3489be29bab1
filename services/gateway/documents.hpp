#pragma once

#include "kefu/v1/log.pb.h"
#include "reply.hpp"

#include <kefu/async/in_flight_limit.hpp>
#include <kefu/base/error.hpp>
#include <kefu/bus/stream_store.hpp>
#include <kefu/directory/knowledge_bases.hpp>
#include <kefu/telemetry/metrics.hpp>

#include <cstddef>
#include <string>

namespace kefu::gateway {

/// The media type that ingest is to read the file as: the one sent, or for application/octet-stream the one
/// that the extension tells. Errors: `unsupported_media`.
Result<std::string> document_type(std::string_view content_type, std::string_view filename);

/// Files are read as UTF-8 and as they come. Errors: `unsupported_media` for a Content-Type of another
/// charset or a Content-Encoding, which would be stored as nonsense.
Result<> check_encoding(const http::Fields& fields);

/// /v1/kbs/{kb}/documents: every change becomes a job in KEFU_JOBS, whose sequence is its id, and is answered
/// 202.
class DocumentRoutes {
 public:
  /// Everything outlives this object. `knowledge_bases` must read the bucket itself rather than a copy of it:
  /// an upload put into the incarnation before would be lost.
  DocumentRoutes(bus::StreamStore& store, const directory::KnowledgeBases& knowledge_bases,
                 telemetry::Metrics& metrics, std::size_t max_uploads, std::size_t max_upload_bytes);

  Task<Result<Reply>> upload(RequestContext context, http::Exchange& exchange);
  Task<Result<Reply>> remove(RequestContext context, http::Exchange& exchange);

 private:
  Task<Result<Reply>> append_job(RequestContext context, kefu::v1::KnowledgeBase kb, kefu::v1::Job job);

  bus::StreamStore& store_;
  const directory::KnowledgeBases& knowledge_bases_;
  InFlightLimit uploads_;
  std::size_t max_upload_bytes_;
  telemetry::Counter received_bytes_;
};

}  // namespace kefu::gateway
