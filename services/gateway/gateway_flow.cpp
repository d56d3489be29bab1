#include "gateway_flow.hpp"

#include "error_json.hpp"
#include "request_context.hpp"

#include <exception>
#include <utility>

namespace kefu::gateway {
namespace {

/// What a client of ours would call the status of an answer that nobody waited for.
constexpr int kClientClosedRequest = 499;

bool is_open_path(std::string_view path) {
  return path == "/healthz" || path == "/readyz" || path == "/metrics";
}

}  // namespace

GatewayFlow::GatewayFlow(const GatewayConfig& config, bus::MessageBus& bus, bus::StreamStore& store,
                         const directory::KnowledgeBases& knowledge_bases, const telemetry::Logger& log,
                         telemetry::Metrics& metrics)
    : metrics_(metrics),
      log_(log),
      access_(config.allowed_hosts),
      errors_(metrics),
      unrouted_(metrics, "other", "other"),
      knowledge_bases_(bus),
      documents_(store, knowledge_bases, metrics, config.max_uploads, config.max_upload_bytes),
      jobs_(bus),
      ask_(bus, metrics, config.max_asks),
      search_(bus),
      embeddings_(bus, config.max_embeddings),
      router_([this](http::Exchange& exchange, Error error) { return refuse(exchange, std::move(error)); }),
      open_router_(
          [this](http::Exchange& exchange, Error error) { return refuse(exchange, std::move(error)); }) {
  using Context = RequestContext;
  using Exchange = http::Exchange;
  const auto limit = config.request_timeout;
  add({"POST", "/v1/ask", Needs::ask, config.ask_timeout},
      [this](Context c, Caller& who, Exchange& e) { return ask_.ask(std::move(c), who, e); });
  add({"POST", "/v1/kbs/{kb}/search", Needs::ask, limit},
      [this](Context c, Caller&, Exchange& e) { return search_.search(std::move(c), e); });
  add({"GET", "/v1/kbs", Needs::ask, limit},
      [this](Context c, Caller& who, Exchange&) { return knowledge_bases_.list(std::move(c), who); });
  add({"PUT", "/v1/kbs/{kb}", Needs::manage, limit, "kb.put"},
      [this](Context c, Caller&, Exchange& e) { return knowledge_bases_.put(std::move(c), e); });
  add({"GET", "/v1/kbs/{kb}", Needs::ask, limit},
      [this](Context c, Caller&, Exchange& e) { return knowledge_bases_.get(std::move(c), e); });
  add({"DELETE", "/v1/kbs/{kb}", Needs::manage, limit, "kb.delete"},
      [this](Context c, Caller&, Exchange& e) { return knowledge_bases_.remove(std::move(c), e); });
  add({"POST", "/v1/kbs/{kb}/documents", Needs::manage, config.upload_timeout, "document.upload"},
      [this](Context c, Caller&, Exchange& e) { return documents_.upload(std::move(c), e); });
  add({"DELETE", "/v1/kbs/{kb}/documents/{filename}", Needs::manage, limit, "document.delete"},
      [this](Context c, Caller&, Exchange& e) { return documents_.remove(std::move(c), e); });
  add({"GET", "/v1/jobs/{job}", Needs::ask, limit},
      [this](Context c, Caller& who, Exchange& e) { return jobs_.get(std::move(c), who, e); });
  add({"POST", "/v1/embeddings", Needs::ask, limit},
      [this](Context c, Caller&, Exchange& e) { return embeddings_.embed(std::move(c), e); });
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
  if (is_open_path(head.path)) {
    co_await open_router_(exchange);
  } else if (auto allowed = access_.check(head.fields); !allowed) {
    co_await refuse(exchange, std::move(allowed).error());
  } else {
    co_await router_(exchange);
  }
}

Task<void> GatewayFlow::refuse(http::Exchange& exchange, Error error) {
  const auto began = std::chrono::steady_clock::now();
  unrouted_.begun();
  errors_.count(error.code);
  const std::string request_id = request_id_of(exchange.head().fields);
  http::Response response = error_response(error, request_id);
  response.fields.set("X-Request-Id", request_id);
  // The router's exchange makes 405 of a method that the path does not take: no Errc has that status.
  const int status = error.code == Errc::unsupported ? 405 : response.status;
  // A client that is gone does not get its error.
  (void)co_await exchange.respond(std::move(response));
  unrouted_.finished(status, std::chrono::steady_clock::now() - began);
}

Task<void> GatewayFlow::run(Route& route, http::Exchange& exchange) {
  const auto began = std::chrono::steady_clock::now();
  route.metrics.begun();
  const RequestContext context = context_of(exchange.head().fields, route.spec.time_limit);
  Caller caller{.client = exchange.head().peer};
  auto reply = co_await guarded(route.handler, context, caller, exchange);
  if (reply && *reply) {
    (*reply)->fields.set("X-Request-Id", context.request_id);
    const int status = (*reply)->status;
    const auto sent = co_await exchange.respond(*std::move(*reply));
    route.metrics.finished(sent ? status : kClientClosedRequest, std::chrono::steady_clock::now() - began);
    co_return;
  }
  int status = 200;
  if (!reply) {
    status = traits(reply.error().code).http_status;
    report(route, context, reply.error());
    if (!exchange.responded()) {
      http::Response response = error_response(reply.error(), context.request_id);
      response.fields.set("X-Request-Id", context.request_id);
      (void)co_await exchange.respond(std::move(response));
    }
  }
  route.metrics.finished(status, std::chrono::steady_clock::now() - began);
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

void GatewayFlow::report(const Route& route, const RequestContext& context, const Error& error) const {
  errors_.count(error.code);
  const bool ours = traits(error.code).http_status >= 500;
  log_.failure(ours ? telemetry::Level::warning : telemetry::Level::debug, route.name, context, error);
}

}  // namespace kefu::gateway
