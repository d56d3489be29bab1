#pragma once

#include "documents.hpp"
#include "index_metrics.hpp"
#include "knowledge_base_registry.hpp"
#include "knowledge_base_sweep.hpp"
#include "lease_keeper.hpp"
#include "replica.hpp"
#include "search_engine.hpp"

#include <kefu/async/cpu_pool.hpp>
#include <kefu/base/request_context.hpp>
#include <kefu/telemetry/log.hpp>

#include <functional>
#include <string>

namespace kefu::index {

struct FlowParts {
  SearchEngine& engine;
  Replica& replica;
  LeaseKeeper& lease;
  KnowledgeBaseSweep& knowledge_bases;
  KnowledgeBaseRegistry& registry;
  CpuPool& read_pool;  ///< reads of the disk wait there for its writer
  IndexMetrics& metrics;
};

/// What index is asked: payload in, payload out. Thread: the event loop.
class IndexFlow {
 public:
  /// The parts outlive this object.
  explicit IndexFlow(const FlowParts& parts) : parts_(parts) {}

  /// SearchRequest -> SearchResponse. Errors: `invalid_argument`, `not_ready`, `deadline_exceeded`,
  /// `unavailable`.
  Task<Result<std::string>> search(RequestContext context, std::string payload);
  /// GetKnowledgeBaseRequest -> GetKnowledgeBaseResponse. Errors: `not_found`, `not_ready`.
  Task<Result<std::string>> get(RequestContext context, std::string payload);
  /// ListKnowledgeBasesRequest -> ListKnowledgeBasesResponse. Errors: `not_ready`.
  Task<Result<std::string>> list(RequestContext context, std::string payload);
  /// ListDocumentsRequest -> ListDocumentsResponse. Errors: `invalid_argument`, `not_found` (the knowledge
  /// base), `not_ready`, `deadline_exceeded`.
  Task<Result<std::string>> list_documents(RequestContext context, std::string payload);
  /// GetDocumentRequest -> GetDocumentResponse. Errors: `invalid_argument`, `not_found` (the knowledge base
  /// or the document), `not_ready`, `deadline_exceeded`.
  Task<Result<std::string>> get_document(RequestContext context, std::string payload);
  /// PutKnowledgeBaseRequest -> PutKnowledgeBaseResponse. Errors: `invalid_argument`, `conflict`.
  Task<Result<std::string>> put(RequestContext context, std::string payload);
  /// DeleteKnowledgeBaseRequest -> DeleteKnowledgeBaseResponse. Errors: `not_found`, `conflict`.
  Task<Result<std::string>> remove(RequestContext context, std::string payload);

 private:
  Task<Result<>> catch_up(std::uint64_t min_sequence, Deadline deadline);
  Result<> check_ready() const;
  /// Reads from the disk, away from the event loop.
  template <class Page, class Response>
  Task<Result<std::string>> read(Result<Response> (*from)(PartStore&, const Page&), Page page,
                                 Deadline deadline);
  kefu::v1::GetKnowledgeBaseResponse describe(kefu::v1::KnowledgeBase record) const;

  FlowParts parts_;
};

}  // namespace kefu::index
