#include "audit_routes.hpp"

#include "audit_json.hpp"
#include "names.hpp"
#include "query.hpp"

#include <kefu/proto/subjects.hpp>

#include <fmt/format.h>

#include <chrono>
#include <limits>
#include <memory>
#include <string>
#include <utility>

namespace kefu::gateway {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kMaxLimit = 1000;
/// A filtered page may look through very much: it ends early then, with a link to go on.
constexpr auto kLookFor = 3s;

struct Query {
  std::uint64_t after = 0;
  std::uint64_t limit = 100;
  std::string kb = {};
};

struct Page {
  std::string lines = {};
  std::uint64_t entries = 0;
  std::uint64_t last = 0;  ///< sequence looked at last
};

Result<Query> parse_query(const http::RequestHead& head) {
  Query query;
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  KEFU_TRY(query.after, query_integer(head, "after", 0, kMost, 0));
  KEFU_TRY(query.limit, query_integer(head, "limit", 1, kMaxLimit, query.limit));
  if (const auto kb = query_parameter(head, "kb")) {
    KEFU_CHECK(check_kb_name(*kb));
    query.kb = *kb;
  }
  return query;
}

/// A key that is limited to knowledge bases must say which one it wants to see.
Result<> check_caller(const Caller& caller, const Query& query) {
  if (!query.kb.empty()) return caller.check(query.kb);
  if (!caller.limited()) return {};
  return fail(
      Errc::permission_denied,
      "this API key is limited to some knowledge bases: name one of them in the query parameter \"kb\"");
}

void add(Page& page, const Query& query, const bus::StoredMessage& message) {
  page.last = message.sequence;
  kefu::v1::AuditEntry entry;
  if (!entry.ParseFromString(message.payload)) return;
  if (!query.kb.empty() && entry.kb() != query.kb) return;
  page.lines += audit_json(entry, message.sequence) + "\n";
  ++page.entries;
}

Task<Result<Page>> read(bus::StreamReader& reader, Query query, std::uint64_t end, Deadline deadline) {
  Page page{.last = query.after};
  const Deadline looked_enough = deadline.at_most(kLookFor);
  KEFU_CO_TRY(const std::unique_ptr<bus::Replay> replay,
              reader.replay({.stream = std::string(proto::kAuditStream), .from_sequence = query.after + 1}));
  while (page.last < end && page.entries < query.limit && !looked_enough.passed()) {
    KEFU_CO_TRY(const bus::StoredMessage message, co_await replay->next(deadline));
    add(page, query, message);
  }
  co_return page;
}

std::string next_link(const Query& query, const Page& page) {
  std::string link = fmt::format("</v1/audit?after={}&limit={}", page.last, query.limit);
  if (!query.kb.empty()) link += "&kb=" + http::percent_encode(query.kb);
  return link + ">; rel=\"next\"";
}

}  // namespace

Task<Result<Reply>> AuditRoutes::list(RequestContext context, const Caller& caller,
                                      http::Exchange& exchange) {
  KEFU_CO_TRY(const Query query, parse_query(exchange.head()));
  KEFU_CO_CHECK(check_caller(caller, query));
  KEFU_CO_TRY(const bus::StreamState state,
              co_await store_.state(std::string(proto::kAuditStream), context.deadline));
  Page page{.last = query.after};
  if (query.after < state.last_sequence) {
    KEFU_CO_TRY(page, co_await read(reader_, query, state.last_sequence, context.deadline));
  }
  http::Response response{.fields = {{"Content-Type", "application/x-ndjson"}},
                          .body = std::move(page.lines)};
  if (page.last < state.last_sequence) response.fields.set("Link", next_link(query, page));
  co_return response;
}

}  // namespace kefu::gateway
