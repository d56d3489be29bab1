#include "index_flow.hpp"

#include "kefu/v1/search.pb.h"
#include "message_limit.hpp"
#include "messages.hpp"

#include <kefu/text/utf8.hpp>
#include <kefu/vector/codec.hpp>

#include <fmt/format.h>

#include <chrono>
#include <utility>

namespace kefu::index {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kMostHits = 100;
constexpr std::size_t kLongestQuestion = 16 * 1024;
/// A reply that is not ready must still reach the caller in time, so that it can ask another replica.
constexpr auto kReplyTakes = 20ms;
/// Of one page: how many there are where the request does not say, and the most.
struct PageLimits {
  std::uint32_t usual;
  std::uint32_t most;
};
constexpr PageLimits kDocuments{100, 1000};
constexpr PageLimits kPassages{100, 500};

/// Errors: `invalid_argument`.
Result<std::uint32_t> page_limit(std::string_view field, std::uint32_t asked, PageLimits limits) {
  if (asked == 0) return limits.usual;
  if (asked <= limits.most) return asked;
  return fail(Errc::invalid_argument, fmt::format("{}: {} is not from 1 to {}", field, asked, limits.most));
}

template <class Request>
Result<Request> parse(const std::string& payload) {
  Request request;
  if (!request.ParseFromString(payload)) return fail(Errc::invalid_argument, "the request cannot be read");
  return request;
}

/// Errors: `invalid_argument`.
Result<SearchQuery> read_query(kefu::v1::SearchRequest request) {
  if (request.kb_incarnation().empty()) return fail(Errc::invalid_argument, "kb_incarnation: it is missing");
  if (request.question().empty() && request.vector().empty()) {
    return fail(Errc::invalid_argument, "question: neither a text nor a vector");
  }
  if (request.question().size() > kLongestQuestion) {
    return fail(Errc::invalid_argument, fmt::format("question: longer than {} bytes", kLongestQuestion));
  }
  if (!text::validate_utf8(request.question())) return fail(Errc::invalid_argument, "question: not UTF-8");
  if (request.top_k() < 1 || request.top_k() > kMostHits) {
    return fail(Errc::invalid_argument,
                fmt::format("top_k: {} is not from 1 to {}", request.top_k(), kMostHits));
  }
  SearchQuery query;
  constexpr auto kFormat = kefu::v1::VECTOR_FORMAT_FLOAT32;
  auto vector =
      vector::decode(request.vector(), kFormat, request.vector().size() / vector::component_bytes(kFormat));
  if (!vector) return fail(Errc::invalid_argument, "vector: not whole, finite float32 components");
  query.vector = *std::move(vector);
  if (!query.vector.empty() && !vector::normalize_length(query.vector)) {
    return fail(Errc::invalid_argument, "vector: it has no direction");
  }
  KEFU_CHECK(check_filter(request.filter()));
  query.filter = std::move(*request.mutable_filter());
  query.kb_incarnation = std::move(*request.mutable_kb_incarnation());
  query.question = std::move(*request.mutable_question());
  query.model_fingerprint = std::move(*request.mutable_model_fingerprint());
  query.top_k = request.top_k();
  return query;
}

}  // namespace

Task<Result<std::string>> IndexFlow::search(RequestContext context, std::string payload) {
  KEFU_CO_TRY(auto request, parse<kefu::v1::SearchRequest>(payload));
  const std::uint64_t min_sequence = request.min_sequence();
  KEFU_CO_TRY(SearchQuery query, read_query(std::move(request)));
  KEFU_CO_CHECK(co_await catch_up(min_sequence, context.deadline));
  query.generation = parts_.knowledge_bases.generation_of(query.kb_incarnation);
  kefu::v1::SearchResponse response;
  response.set_applied_sequence(parts_.replica.applied());  // before the search: it sees at least this much
  KEFU_CO_TRY(SearchOutcome outcome, co_await parts_.engine.search(std::move(query), context.deadline));
  parts_.metrics.dense.observe(outcome.dense_time);
  parts_.metrics.lexical.observe(outcome.lexical_time);
  if (outcome.lexical_only) parts_.metrics.lexical_only.add();
  std::size_t bytes = 0;
  for (kefu::v1::Hit& hit : outcome.hits) {
    bytes += hit.ByteSizeLong() + kFieldBytes;
    if (bytes > kMostReplyBytes) break;
    *response.add_hits() = std::move(hit);
  }
  *response.mutable_background() = std::move(outcome.background);
  response.set_lexical_only(outcome.lexical_only);
  co_return response.SerializeAsString();
}

Result<> IndexFlow::check_ready() const {
  if (parts_.lease.ready()) return {};
  return fail(Errc::not_ready, "this replica of the index has not caught up yet", parts_.lease.reason());
}

Task<Result<>> IndexFlow::catch_up(std::uint64_t min_sequence, Deadline deadline) {
  KEFU_CO_CHECK(check_ready());
  if (parts_.replica.applied() >= min_sequence) co_return Result<>{};
  const Deadline in_time = Deadline::at(deadline.time() - kReplyTakes);
  if (!co_await parts_.replica.wait_applied(min_sequence, in_time)) {
    co_return fail(Errc::not_ready, fmt::format("this replica of the index has read up to {} of {}",
                                                parts_.replica.applied(), min_sequence));
  }
  co_return check_ready();
}

kefu::v1::GetKnowledgeBaseResponse IndexFlow::describe(kefu::v1::KnowledgeBase record) const {
  const EngineSize size = parts_.engine.size(record.incarnation(), record.generation());
  kefu::v1::GetKnowledgeBaseResponse response;
  response.set_documents(size.documents);
  response.set_passages(size.passages);
  record.clear_former_incarnations();  // nobody's business but the sweep's
  *response.mutable_knowledge_base() = std::move(record);
  return response;
}

Task<Result<std::string>> IndexFlow::get(RequestContext context, std::string payload) {
  KEFU_CO_TRY(auto request, parse<kefu::v1::GetKnowledgeBaseRequest>(payload));
  KEFU_CO_CHECK(check_ready());
  KEFU_CO_TRY(auto record,
              co_await parts_.registry.get(std::move(*request.mutable_name()), context.deadline));
  co_return describe(std::move(record)).SerializeAsString();
}

Task<Result<std::string>> IndexFlow::list(RequestContext context, std::string payload) {
  KEFU_CO_CHECK(parse<kefu::v1::ListKnowledgeBasesRequest>(payload));
  KEFU_CO_CHECK(check_ready());
  KEFU_CO_TRY(auto records, co_await parts_.registry.list(context.deadline));
  kefu::v1::ListKnowledgeBasesResponse response;
  for (auto& record : records) *response.add_knowledge_bases() = describe(std::move(record));
  co_return response.SerializeAsString();
}

template <class Page, class Response>
Task<Result<std::string>> IndexFlow::read(Result<Response> (*from)(PartStore&, const Page&), Page page,
                                          Deadline deadline) {
  auto store = parts_.replica.store();
  if (!store) co_return fail(Errc::not_ready, "this replica of the index has not caught up yet");
  co_return co_await parts_.read_pool.run(
      [from, deadline, store = std::move(store), page = std::move(page)]() -> Result<std::string> {
        if (deadline.passed()) return fail(Errc::deadline_exceeded, "the deadline passed before its turn");
        KEFU_TRY(const Response response, from(*store, page));
        return response.SerializeAsString();
      });
}

Task<Result<std::string>> IndexFlow::list_documents(RequestContext context, std::string payload) {
  KEFU_CO_TRY(auto request, parse<kefu::v1::ListDocumentsRequest>(payload));
  KEFU_CO_TRY(const std::uint32_t limit, page_limit("limit", request.limit(), kDocuments));
  KEFU_CO_CHECK(check_ready());
  KEFU_CO_TRY(const auto record,
              co_await parts_.registry.get(std::move(*request.mutable_kb_name()), context.deadline));
  DocumentsPage page{.kb_incarnation = record.incarnation(),
                     .generation = record.generation(),
                     .after = std::move(*request.mutable_after()),
                     .limit = limit};
  co_return co_await read(&index::list_documents, std::move(page), context.deadline);
}

Task<Result<std::string>> IndexFlow::get_document(RequestContext context, std::string payload) {
  KEFU_CO_TRY(auto request, parse<kefu::v1::GetDocumentRequest>(payload));
  KEFU_CO_TRY(const std::uint32_t limit, page_limit("passage_limit", request.passage_limit(), kPassages));
  if (request.filename().empty()) co_return fail(Errc::invalid_argument, "filename: it is missing");
  KEFU_CO_CHECK(check_ready());
  KEFU_CO_TRY(const auto record,
              co_await parts_.registry.get(std::move(*request.mutable_kb_name()), context.deadline));
  PassagesPage page{.kb_incarnation = record.incarnation(),
                    .generation = record.generation(),
                    .filename = std::move(*request.mutable_filename()),
                    .first = request.first_passage(),
                    .limit = limit};
  co_return co_await read(&index::get_document, std::move(page), context.deadline);
}

Task<Result<std::string>> IndexFlow::put(RequestContext context, std::string payload) {
  KEFU_CO_TRY(auto request, parse<kefu::v1::PutKnowledgeBaseRequest>(payload));
  KEFU_CO_TRY(auto put,
              co_await parts_.registry.put(std::move(*request.mutable_name()),
                                           std::move(*request.mutable_description()), context.deadline));
  put.record.clear_former_incarnations();
  kefu::v1::PutKnowledgeBaseResponse response;
  *response.mutable_knowledge_base() = std::move(put.record);
  response.set_created(put.created);
  co_return response.SerializeAsString();
}

Task<Result<std::string>> IndexFlow::remove(RequestContext context, std::string payload) {
  KEFU_CO_TRY(auto request, parse<kefu::v1::DeleteKnowledgeBaseRequest>(payload));
  KEFU_CO_CHECK(co_await parts_.registry.remove(std::move(*request.mutable_name()), context.deadline));
  co_return kefu::v1::DeleteKnowledgeBaseResponse{}.SerializeAsString();
}

}  // namespace kefu::index
