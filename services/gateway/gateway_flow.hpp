#pragma once

#include "admission.hpp"
#include "ask.hpp"
#include "audit_log.hpp"
#include "audit_routes.hpp"
#include "chat.hpp"
#include "config.hpp"
#include "document_views.hpp"
#include "documents.hpp"
#include "embeddings.hpp"
#include "jobs.hpp"
#include "key_routes.hpp"
#include "knowledge_bases.hpp"
#include "models.hpp"
#include "questions.hpp"
#include "reply.hpp"
#include "request_metrics.hpp"
#include "search.hpp"
#include "usage_routes.hpp"

#include <kefu/bus/message_bus.hpp>
#include <kefu/bus/stream_store.hpp>
#include <kefu/directory/knowledge_bases.hpp>
#include <kefu/http/server.hpp>
#include <kefu/telemetry/log.hpp>
#include <kefu/telemetry/metrics.hpp>

#include <chrono>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kefu::gateway {

/// What says who may call; everything outlives the flow.
struct AccessParts {
  KeyStore& keys;
  AdminKey& admin_key;
  RateLimiter& limiter;
};

/// The HTTP API: which route goes to which handler, and what holds for every request: who may send it, its
/// id, its deadline, its metrics, the shape of errors.
class GatewayFlow {
 public:
  /// All references outlive the flow. `store` should be on the connection for bulk.
  GatewayFlow(const GatewayConfig& config, bus::MessageBus& bus, bus::StreamStore& store,
              bus::StreamReader& reader, const directory::KnowledgeBases& knowledge_bases, AccessParts access,
              UsageParts usage, const telemetry::Logger& log, telemetry::Metrics& metrics);
  GatewayFlow(const GatewayFlow&) = delete;

  /// For the endpoints that every service has, which are open to whoever reaches the port.
  http::Router& open_routes() { return open_router_; }

  /// Method and pattern of each: `GET /v1/kbs/{kb}`.
  std::vector<std::string> routes() const;

  /// Ends the streams that would outlast a drain; before that of the server.
  void close_streams() { jobs_.close_streams(); }

  /// Answers one request; the handler of the server.
  Task<void> handle(http::Exchange& exchange);
  /// Answers one that has no handler; the error handler of the server.
  Task<void> refuse(http::Exchange& exchange, Error error);

 private:
  struct RouteSpec {
    std::string_view method;
    std::string_view pattern;
    Needs needs;
    std::chrono::milliseconds time_limit;
    std::string_view action = {};              ///< its name in the audit; empty: it changes nothing
    std::vector<std::string_view> query = {};  ///< the parameters of the query that it takes
  };
  struct Route {
    std::string name;  ///< method and pattern
    RouteSpec spec;
    Handler handler;
    RouteMetrics metrics;
  };

  /// One request on its way through run().
  struct Call {
    RequestContext context;
    Caller caller = {};
    /// Its caller is known and within the limit, so the audit wants to know. Those over it would fill it.
    bool admitted = false;
    std::optional<std::chrono::seconds> retry_after = {};
  };

  void add_access_routes(std::chrono::milliseconds time_limit);
  void add_usage_routes(std::chrono::milliseconds time_limit);
  void add(RouteSpec spec, Handler handler);
  Task<void> run(Route& route, http::Exchange& exchange);
  Task<void> run_open(http::Exchange& exchange);
  Task<Result<Reply>> answer(const Route& route, Call& call, http::Exchange& exchange);
  Task<void> audit(const Route& route, const Call& call, const http::Exchange& exchange,
                   const Result<Reply>& reply) const;
  Task<int> send(const Route& route, const Call& call, Result<Reply> reply, http::Exchange& exchange);
  Task<Result<Reply>> guarded(Handler handler, RequestContext context, Caller& caller,
                              http::Exchange& exchange);
  void report(const Route& route, const RequestContext& context, const Error& error, int status) const;

  telemetry::Metrics& metrics_;
  const telemetry::Logger& log_;
  Admission admission_;
  AuditLog audit_log_;
  RouteMetrics unrouted_;
  KnowledgeBaseRoutes knowledge_bases_;
  DocumentViewRoutes document_views_;
  DocumentRoutes documents_;
  JobRoutes jobs_;
  Questions questions_;
  AskRoutes ask_;
  ChatRoutes chat_;
  ModelRoutes models_;
  SearchRoutes search_;
  EmbeddingRoutes embeddings_;
  KeyRoutes keys_;
  AuditRoutes audit_;
  UsageRoutes usage_;
  std::list<Route> routes_;  // the router's handlers refer to them
  http::Router router_;
  http::Router open_router_;
};

}  // namespace kefu::gateway
