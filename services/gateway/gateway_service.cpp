#include "gateway_service.hpp"

#include <kefu/async/retry.hpp>
#include <kefu/proto/streams.hpp>
#include <kefu/proto/subjects.hpp>

#include <chrono>
#include <utility>

namespace kefu::gateway {
namespace {

using namespace std::chrono_literals;

}  // namespace

GatewayService::GatewayService(GatewayConfig config, const service::Environment& environment)
    : config_(std::move(config)),
      environment_(environment),
      store_(environment_.bulk_bus),
      knowledge_base_bucket_(environment_.executor, environment_.bus,
                             std::string(proto::kKnowledgeBasesBucket)),
      knowledge_bases_(environment_.executor, knowledge_base_bucket_),
      flow_(config_, environment_.bus, store_, knowledge_bases_, environment_.log, environment_.metrics),
      server_(
          environment_.executor,
          http::ServerOptions{.address = config_.listen_address,
                              .port = config_.listen_port,
                              .max_connections = config_.max_connections},
          [this](http::Exchange& exchange) { return handle(exchange); },
          [this](http::Exchange& exchange, Error error) {
            return flow_.refuse(exchange, std::move(error));
          }) {
  environment_.admin.add_to(flow_.open_routes());
}

Task<Result<>> GatewayService::start() {
  KEFU_CO_CHECK(co_await ensure_storage());
  KEFU_CO_CHECK(server_.start());
  environment_.log.info("listening", {{"address", std::string_view(config_.listen_address)},
                                      {"port", static_cast<std::int64_t>(server_.port())}});
  co_return Result<>{};
}

/// A server that has just started refuses for a moment, while it reads its streams.
Task<Result<>> GatewayService::ensure_storage() {
  auto attempt = [this] { return ensure_storage_once(Deadline::in(5s)); };
  co_return co_await retry_until(Deadline::in(30s), 200ms, attempt);
}

Task<Result<>> GatewayService::ensure_storage_once(Deadline deadline) {
  KEFU_CO_CHECK(co_await proto::ensure_streams(store_, {}, deadline));
  co_return co_await knowledge_base_bucket_.ensure(0ms, deadline);
}

/// From SIGTERM on clients are told to reconnect, while the rest of the world learns that this replica
/// leaves.
Task<void> GatewayService::handle(http::Exchange& exchange) {
  if (environment_.admin.draining()) server_.close_connections_after_response();
  return flow_.handle(exchange);
}

Task<void> GatewayService::drain() { co_await server_.drain(); }

}  // namespace kefu::gateway
