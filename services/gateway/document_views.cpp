#include "document_views.hpp"

#include "call.hpp"
#include "document_json.hpp"
#include "kefu/v1/document.pb.h"
#include "names.hpp"
#include "query.hpp"

#include <kefu/proto/subjects.hpp>

#include <limits>

namespace kefu::gateway {
namespace {

constexpr std::uint64_t kMaxDocuments = 1000;
constexpr std::uint64_t kMaxPassages = 200;
constexpr std::uint64_t kDefaultLimit = 100;

}  // namespace

Task<Result<Reply>> DocumentViewRoutes::list(RequestContext context, http::Exchange& exchange) {
  kefu::v1::ListDocumentsRequest request;
  request.set_kb_name(path_parameter(exchange, "kb"));
  KEFU_CO_CHECK(check_kb_name(request.kb_name()));
  const auto after = query_parameter(exchange.head(), "after");
  if (after && !after->empty()) {
    KEFU_CO_CHECK(validate_filename(*after));
    request.set_after(*after);
  }
  KEFU_CO_TRY(const std::uint64_t limit,
              query_integer(exchange.head(), "limit", 1, kMaxDocuments, kDefaultLimit));
  request.set_limit(static_cast<std::uint32_t>(limit));
  KEFU_CO_TRY(const auto response, co_await call<kefu::v1::ListDocumentsResponse>(
                                       bus_, proto::kListDocuments, std::move(context), std::move(request)));
  co_return json_reply(200, documents_json(response));
}

Task<Result<Reply>> DocumentViewRoutes::get(RequestContext context, http::Exchange& exchange) {
  kefu::v1::GetDocumentRequest request;
  request.set_kb_name(path_parameter(exchange, "kb"));
  KEFU_CO_CHECK(check_kb_name(request.kb_name()));
  request.set_filename(path_parameter(exchange, "filename"));
  KEFU_CO_CHECK(validate_filename(request.filename()));
  KEFU_CO_TRY(const std::uint64_t first,
              query_integer(exchange.head(), "first", 0, std::numeric_limits<std::uint32_t>::max(), 0));
  KEFU_CO_TRY(const std::uint64_t limit,
              query_integer(exchange.head(), "limit", 1, kMaxPassages, kDefaultLimit));
  request.set_first_passage(static_cast<std::uint32_t>(first));
  request.set_passage_limit(static_cast<std::uint32_t>(limit));
  KEFU_CO_TRY(const auto response, co_await call<kefu::v1::GetDocumentResponse>(
                                       bus_, proto::kGetDocument, std::move(context), std::move(request)));
  co_return json_reply(200, document_json(response));
}

}  // namespace kefu::gateway
