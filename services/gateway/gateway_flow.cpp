#include "gateway_flow.hpp"

#include "error_json.hpp"
#include "loopback.hpp"
#include "openapi.hpp"
#include "query.hpp"
#include "request_context.hpp"

#include <kefu/http/with_field.hpp>

#include <exception>
#include <utility>

namespace kefu::gateway {
namespace {

/// What a client of ours would call the status of an answer that nobody waited for.
constexpr int kClientClosedRequest = 499;

/// For probes, which send the address of a pod as Host. They tell nothing that a page could use.
bool is_open_to_all(std::string_view path) { return path == "/healthz" || path == "/readyz"; }

AdmissionRules rules_of(const GatewayConfig& config) {
  return {.allowed_hosts = config.allowed_hosts,
          .others_reach_us = !is_loopback(config.listen_address).value_or(false),
          .requests_per_minute = static_cast<std::uint32_t>(config.requests_per_minute)};
}

Task<Result<Reply>> describe() { co_return json_reply(200, std::string(openapi_document())); }

}  // namespace

GatewayFlow::GatewayFlow(const GatewayConfig& config, bus::MessageBus& bus, bus::StreamStore& store,
                         bus::StreamReader& reader, const directory::KnowledgeBases& knowledge_bases,
                         AccessParts access, UsageParts usage, const telemetry::Logger& log,
                         telemetry::Metrics& metrics)
    : metrics_(metrics),
      log_(log),
      admission_(rules_of(config), access.keys, access.admin_key, access.limiter, metrics),
      audit_log_(store, log, metrics),
      unrouted_(metrics, "other", "other"),
      knowledge_bases_(bus),
      document_views_(bus),
      documents_(bus, store, knowledge_bases, metrics, config.max_uploads, config.max_upload_bytes),
      jobs_(bus),
      questions_(bus, metrics, config.max_asks),
      ask_(questions_),
      chat_(questions_),
      models_(bus),
      search_(bus),
      embeddings_(bus, config.max_embeddings),
      keys_(access.keys, access.admin_key),
      audit_(store, reader),
      usage_(std::move(usage), knowledge_bases, access.keys),
      router_([this](http::Exchange& exchange, Error error) { return refuse(exchange, std::move(error)); }),
      open_router_(
          [this](http::Exchange& exchange, Error error) { return refuse(exchange, std::move(error)); }) {
  using Context = RequestContext;
  using Exchange = http::Exchange;
  const auto limit = config.request_timeout;
  add({"POST", "/v1/ask", Needs::ask, config.ask_timeout},
      [this](Context c, Caller& who, Exchange& e) { return ask_.ask(std::move(c), who, e); });
  add({"POST", "/v1/kbs/{kb}/search", Needs::ask, limit},
      [this](Context c, Caller& who, Exchange& e) { return search_.search(std::move(c), who, e); });
  add({"GET", "/v1/kbs", Needs::ask, limit},
      [this](Context c, Caller& who, Exchange&) { return knowledge_bases_.list(std::move(c), who); });
  add({"PUT", "/v1/kbs/{kb}", Needs::manage, limit, "kb.put"},
      [this](Context c, Caller&, Exchange& e) { return knowledge_bases_.put(std::move(c), e); });
  add({"GET", "/v1/kbs/{kb}", Needs::ask, limit},
      [this](Context c, Caller&, Exchange& e) { return knowledge_bases_.get(std::move(c), e); });
  add({"DELETE", "/v1/kbs/{kb}", Needs::manage, limit, "kb.delete"},
      [this](Context c, Caller&, Exchange& e) { return knowledge_bases_.remove(std::move(c), e); });
  add({"POST",
       "/v1/kbs/{kb}/documents",
       Needs::manage,
       config.upload_timeout,
       "document.upload",
       {"filename"}},
      [this](Context c, Caller& who, Exchange& e) { return documents_.upload(std::move(c), who, e); });
  add({"DELETE", "/v1/kbs/{kb}/documents/{filename}", Needs::manage, limit, "document.delete"},
      [this](Context c, Caller& who, Exchange& e) { return documents_.remove(std::move(c), who, e); });
  add({"GET", "/v1/kbs/{kb}/documents", Needs::ask, limit, {}, {"after", "limit"}},
      [this](Context c, Caller&, Exchange& e) { return document_views_.list(std::move(c), e); });
  add({"GET", "/v1/kbs/{kb}/documents/{filename}", Needs::ask, limit, {}, {"first", "limit"}},
      [this](Context c, Caller&, Exchange& e) { return document_views_.get(std::move(c), e); });
  add({"PATCH", "/v1/kbs/{kb}/documents/{filename}/rows/{row}", Needs::manage, limit, "document.edit"},
      [this](Context c, Caller& who, Exchange& e) { return documents_.change_row(std::move(c), who, e); });
  add({"DELETE",
       "/v1/kbs/{kb}/documents/{filename}/rows/{row}",
       Needs::manage,
       limit,
       "document.edit",
       {"version"}},
      [this](Context c, Caller& who, Exchange& e) { return documents_.remove_row(std::move(c), who, e); });
  add({"POST", "/v1/kbs/{kb}/documents/{filename}/rows", Needs::manage, limit, "document.edit"},
      [this](Context c, Caller& who, Exchange& e) { return documents_.append_row(std::move(c), who, e); });
  add({"GET", "/v1/jobs", Needs::ask, limit, {}, {"kb", "limit"}},
      [this](Context c, Caller& who, Exchange& e) { return jobs_.list(std::move(c), who, e); });
  add({"DELETE", "/v1/jobs/{job}", Needs::manage, limit, "job.cancel"},
      [this](Context c, Caller& who, Exchange& e) { return jobs_.cancel(std::move(c), who, e); });
  add({"GET", "/v1/jobs/{job}", Needs::ask, limit},
      [this](Context c, Caller& who, Exchange& e) { return jobs_.get(std::move(c), who, e); });
  add({"POST", "/v1/chat/completions", Needs::ask, config.ask_timeout},
      [this](Context c, Caller& who, Exchange& e) { return chat_.complete(std::move(c), who, e); });
  add({"GET", "/v1/models", Needs::ask, limit},
      [this](Context c, Caller& who, Exchange&) { return models_.list(std::move(c), who); });
  add({"GET", "/v1/models/{model}", Needs::ask, limit},
      [this](Context c, Caller& who, Exchange& e) { return models_.get(std::move(c), who, e); });
  add({"POST", "/v1/embeddings", Needs::ask, config.embeddings_timeout},
      [this](Context c, Caller& who, Exchange& e) { return embeddings_.embed(std::move(c), who, e); });
  add({"GET", "/openapi.json", Needs::nothing, limit},
      [](Context, Caller&, Exchange&) { return describe(); });
  add_access_routes(limit);
  add_usage_routes(limit);
}

std::vector<std::string> GatewayFlow::routes() const {
  std::vector<std::string> names;
  for (const Route& route : routes_) names.push_back(route.name);
  return names;
}

void GatewayFlow::add_access_routes(std::chrono::milliseconds time_limit) {
  using Context = RequestContext;
  using Exchange = http::Exchange;
  add({"POST", "/v1/keys", Needs::manage_all, time_limit, "key.create"},
      [this](Context c, Caller& who, Exchange& e) { return keys_.create(std::move(c), who, e); });
  add({"GET", "/v1/keys", Needs::manage_all, time_limit},
      [this](Context c, Caller&, Exchange&) { return keys_.list(std::move(c)); });
  add({"DELETE", "/v1/keys/{id}", Needs::manage_all, time_limit, "key.revoke"},
      [this](Context c, Caller&, Exchange& e) { return keys_.revoke(std::move(c), e); });
  add({"GET", "/v1/audit", Needs::manage, time_limit, {}, {"after", "limit", "kb"}},
      [this](Context c, Caller& who, Exchange& e) { return audit_.list(std::move(c), who, e); });
}

void GatewayFlow::add_usage_routes(std::chrono::milliseconds time_limit) {
  using Context = RequestContext;
  using Exchange = http::Exchange;
  add({"GET", "/v1/usage", Needs::manage, time_limit, {}, {"from", "to", "kb", "key", "group_by"}},
      [this](Context c, Caller& who, Exchange& e) { return usage_.usage(std::move(c), who, e); });
  add({"GET", "/v1/budgets", Needs::manage, time_limit},
      [this](Context c, Caller& who, Exchange&) { return usage_.budgets(std::move(c), who); });
  add({"PUT", "/v1/budgets/{scope}/{name}", Needs::manage_all, time_limit, "budget.put"},
      [this](Context c, Caller& who, Exchange& e) { return usage_.put_budget(std::move(c), who, e); });
  add({"DELETE", "/v1/budgets/{scope}/{name}", Needs::manage_all, time_limit, "budget.delete"},
      [this](Context c, Caller& who, Exchange& e) { return usage_.remove_budget(std::move(c), who, e); });
}

void GatewayFlow::add(RouteSpec spec, Handler handler) {
  std::string method(spec.method);
  std::string pattern(spec.pattern);
  Route& route = routes_.emplace_back(Route{.name = method + " " + pattern,
                                            .spec = spec,
                                            .handler = std::move(handler),
                                            .metrics = RouteMetrics(metrics_, method, pattern)});
  router_.add(std::move(method), std::move(pattern),
              [this, &route](http::Exchange& exchange) { return run(route, exchange); });
}

Task<void> GatewayFlow::handle(http::Exchange& exchange) {
  const http::RequestHead& head = exchange.head();
  if (is_open_to_all(head.path)) {
    co_await run_open(exchange);
  } else if (auto allowed = admission_.check_origin(head.fields); !allowed) {
    co_await refuse(exchange, std::move(allowed).error());
  } else if (head.path == "/metrics") {
    co_await run_open(exchange);
  } else {
    co_await router_(exchange);
  }
}

/// These handlers belong to every service, and know nothing of ids.
Task<void> GatewayFlow::run_open(http::Exchange& exchange) {
  http::WithField with_id(exchange, "X-Request-Id", request_id_of(exchange.head().fields));
  co_await open_router_(with_id);
}

Task<void> GatewayFlow::refuse(http::Exchange& exchange, Error error) {
  const auto began = std::chrono::steady_clock::now();
  unrouted_.begun();
  unrouted_.failed(error.code);
  const std::string request_id = request_id_of(exchange.head().fields);
  http::Response response = error_response(error, request_id, exchange.head().path);
  response.fields.set("X-Request-Id", request_id);
  const int status = exchange.status_of(response.status);
  // A client that is gone does not get its error.
  (void)co_await exchange.respond(std::move(response));
  unrouted_.finished(status, std::chrono::steady_clock::now() - began);
}

Task<void> GatewayFlow::run(Route& route, http::Exchange& exchange) {
  const auto began = std::chrono::steady_clock::now();
  route.metrics.begun();
  Call call{.context = context_of(exchange.head().fields, route.spec.time_limit)};
  auto reply = co_await answer(route, call, exchange);
  if (call.admitted && !route.spec.action.empty()) co_await audit(route, call, exchange, reply);
  const int status = co_await send(route, call, std::move(reply), exchange);
  route.metrics.finished(status, std::chrono::steady_clock::now() - began);
}

Task<Result<Reply>> GatewayFlow::answer(const Route& route, Call& call, http::Exchange& exchange) {
  if (route.spec.needs != Needs::nothing) {
    KEFU_CO_TRY(call.caller, admission_.identify(exchange.head()));
    call.retry_after = co_await admission_.over_limit(call.caller);
    if (call.retry_after) co_return fail(Errc::rate_limited, "this API key has made too many requests");
    call.admitted = true;
    KEFU_CO_CHECK(admission_.permit(call.caller, route.spec.needs, path_parameter(exchange, "kb")));
  }
  KEFU_CO_CHECK(allow_only(exchange.head(), route.spec.query));
  auto reply = co_await guarded(route.handler, call.context, call.caller, exchange);
  if (!reply && reply.error().code == Errc::permission_denied) admission_.count(Denial::knowledge_base);
  co_return reply;
}

Task<void> GatewayFlow::audit(const Route& route, const Call& call, const http::Exchange& exchange,
                              const Result<Reply>& reply) const {
  kefu::v1::AuditEntry entry =
      audit_entry(route.spec.action, call.caller, exchange.head(), call.context.request_id);
  if (reply) {
    entry.set_status(static_cast<std::uint32_t>(*reply ? (*reply)->status : 200));
  } else {
    const int status = exchange.status_of(traits(reply.error().code).http_status);
    entry.set_status(static_cast<std::uint32_t>(status));
    entry.set_code(std::string(traits(reply.error().code).wire_code));
  }
  co_await audit_log_.append(std::move(entry));
}

/// Returns the status that the client got, which the handler of a stream has sent already.
Task<int> GatewayFlow::send(const Route& route, const Call& call, Result<Reply> reply,
                            http::Exchange& exchange) {
  if (reply && !*reply) co_return 200;
  http::Response response =
      reply ? *std::move(*reply)
            : error_response(reply.error(), call.context.request_id, exchange.head().path);
  const int status = exchange.status_of(response.status);
  if (!reply) report(route, call.context, reply.error(), status);
  if (exchange.responded()) co_return status;
  response.fields.set("X-Request-Id", call.context.request_id);
  if (status == 401) response.fields.set("WWW-Authenticate", "Bearer");
  if (call.retry_after) response.fields.set("Retry-After", std::to_string(call.retry_after->count()));
  const auto sent = co_await exchange.respond(std::move(response));
  co_return reply && !sent ? kClientClosedRequest : status;
}

/// An exception is a bug; it must cost this request alone, and the client is told nothing of it.
Task<Result<Reply>> GatewayFlow::guarded(Handler handler, RequestContext context, Caller& caller,
                                         http::Exchange& exchange) {
  try {
    co_return co_await handler(std::move(context), caller, exchange);
  } catch (const std::exception& exception) {
    co_return fail(Errc::internal, "internal error", exception.what());
  }
}

void GatewayFlow::report(const Route& route, const RequestContext& context, const Error& error,
                         int status) const {
  route.metrics.failed(error.code);
  const bool ours = status >= 500;
  log_.failure(ours ? telemetry::Level::warning : telemetry::Level::debug, route.name, context, error);
}

}  // namespace kefu::gateway
