#include "document_presence.hpp"

#include "call.hpp"
#include "kefu/v1/document.pb.h"
#include "kefu/v1/log.pb.h"

#include <kefu/proto/subjects.hpp>

#include <chrono>
#include <utility>

namespace kefu::gateway {
namespace {

using namespace std::chrono_literals;

/// Of all look-ups together: the change itself needs some of the request's time, too.
constexpr auto kLookTime = 2s;

Task<bool> index_lacks(bus::MessageBus& bus, RequestContext context, std::string kb, std::string filename) {
  kefu::v1::GetDocumentRequest request;
  request.set_kb_name(std::move(kb));
  request.set_filename(std::move(filename));
  request.set_passage_limit(1);
  const auto found = co_await call<kefu::v1::GetDocumentResponse>(bus, proto::kGetDocument,
                                                                  std::move(context), std::move(request));
  co_return !found && found.error().code == Errc::not_found;
}

/// False only when every job of the knowledge base is known to be finished.
Task<bool> something_may_be_under_way(bus::MessageBus& bus, RequestContext context, std::string kb) {
  kefu::v1::ListJobsRequest unfinished;
  unfinished.set_kb_name(std::move(kb));
  unfinished.set_limit(1);
  const auto listed = co_await call<kefu::v1::ListJobsResponse>(bus, proto::kListJobs, std::move(context),
                                                                std::move(unfinished));
  co_return !listed || listed->states_size() > 0;
}

}  // namespace

Task<Result<>> require_document(bus::MessageBus& bus, RequestContext context, std::string kb,
                                std::string filename) {
  context = context.at_most(kLookTime);
  if (!co_await index_lacks(bus, context, kb, filename)) co_return Result<>{};
  if (co_await something_may_be_under_way(bus, context, kb)) co_return Result<>{};
  // What was under way at the first look may have arrived by now.
  if (!co_await index_lacks(bus, context, kb, filename)) co_return Result<>{};
  co_return fail(Errc::not_found, "there is no document \"" + filename + "\"");
}

}  // namespace kefu::gateway
