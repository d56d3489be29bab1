#include "gateway_service.hpp"

#include "api_key.hpp"
#include "json_text.hpp"
#include "loopback.hpp"

#include <kefu/async/retry.hpp>
#include <kefu/proto/streams.hpp>
#include <kefu/proto/subjects.hpp>
#include <kefu/service/log_bugs.hpp>

#include <array>
#include <chrono>
#include <string>
#include <utility>

namespace kefu::gateway {
namespace {

using namespace std::chrono_literals;

constexpr auto kStorageWithin = 30s;
constexpr auto kKeysWithin = 30s;

std::unique_ptr<redis::RedisTokenBuckets> buckets_of(const GatewayConfig& config,
                                                     const asio::any_io_executor& executor) {
  std::unique_ptr<redis::RedisTokenBuckets> buckets;
  if (!config.uses_redis()) return buckets;
  if (auto options = config.redis())  // validate() has seen it
    buckets = std::make_unique<redis::RedisTokenBuckets>(executor, *std::move(options));
  return buckets;
}

}  // namespace

GatewayService::GatewayService(GatewayConfig config, const service::Environment& environment)
    : config_(std::move(config)),
      environment_(environment),
      store_(environment_.bulk_bus),
      knowledge_base_bucket_(environment_.executor, environment_.bus,
                             std::string(proto::kKnowledgeBasesBucket)),
      knowledge_bases_(knowledge_base_bucket_),
      reader_(environment_.executor, environment_.bulk_bus),
      key_bucket_(environment_.executor, environment_.bus, std::string(proto::kKeysBucket)),
      keys_(environment_.executor, key_bucket_),
      usage_bucket_(environment_.executor, environment_.bus, std::string(proto::kUsageBucket)),
      budgets_bucket_(environment_.executor, environment_.bus, std::string(proto::kBudgetsBucket)),
      records_(usage_bucket_,
               [] { return usage::day_of(std::chrono::system_clock::now() - usage::kRecordLife); }),
      budgets_(budgets_bucket_),
      redis_(buckets_of(config_, environment_.executor)),
      limiter_(environment_.executor, redis_.get(), environment_.metrics),
      tasks_(environment_.executor, service::log_bugs(environment_.log)),
      flow_(config_, environment_.bus, store_, reader_, knowledge_bases_,
            {.keys = keys_, .admin_key = admin_key_, .limiter = limiter_},
            {.records = records_, .budgets = budgets_, .currency = config_.currency}, environment_.log,
            environment_.metrics),
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
  count_keys();
}

Task<Result<>> GatewayService::start() {
  if (!config_.admin_key_file.empty()) {
    KEFU_CO_TRY(admin_key_, AdminKey::read(config_.admin_key_file));
  }
  KEFU_CO_CHECK(co_await ensure_storage());
  tasks_.spawn(keys_.run());
  tasks_.spawn(records_.run());
  tasks_.spawn(budgets_.run());
  if (redis_) tasks_.spawn(redis_->run());
  KEFU_CO_CHECK(co_await check_that_keys_are_asked_for());
  KEFU_CO_CHECK(server_.start());
  environment_.log.info("listening", {{"address", std::string_view(config_.listen_address)},
                                      {"port", static_cast<std::int64_t>(server_.port())}});
  co_return Result<>{};
}

/// A server that has just started refuses for a moment, while it reads its streams.
Task<Result<>> GatewayService::ensure_storage() {
  auto attempt = [this] { return ensure_storage_once(Deadline::in(5s)); };
  co_return co_await retry_until(Deadline::in(kStorageWithin), 200ms, attempt);
}

Task<Result<>> GatewayService::ensure_storage_once(Deadline deadline) {
  KEFU_CO_CHECK(co_await proto::ensure_streams(store_, {}, deadline));
  KEFU_CO_CHECK(co_await knowledge_base_bucket_.ensure(0ms, deadline));
  KEFU_CO_CHECK(co_await usage_bucket_.ensure(usage::kRecordLife, deadline));
  KEFU_CO_CHECK(co_await budgets_bucket_.ensure(0ms, deadline));
  co_return co_await key_bucket_.ensure(0ms, deadline);
}

Task<Result<>> GatewayService::check_that_keys_are_asked_for() {
  const bool complete = co_await keys_.wait_complete(Deadline::in(kKeysWithin));
  const bool loopback = is_loopback(config_.listen_address).value_or(false);
  // Where nobody else reaches us, readiness says that the keys are still being read.
  if (loopback || admin_key_.exists() || keys_.any()) co_return Result<>{};
  if (!complete) co_return fail(Errc::unavailable, "the API keys cannot be read");
  co_return fail(Errc::invalid_argument,
                 "listen-address " + config_.listen_address +
                     " can be reached from other machines, and there is no API key: set admin-key-file, or "
                     "listen on 127.0.0.1 and make a key with `kefu key create` first");
}

void GatewayService::count_keys() {
  static constexpr std::array kStates{"usable", "expired", "revoked"};  // in the order of KeyState
  std::vector<telemetry::Gauge> gauges;
  for (const char* state : kStates) {
    gauges.push_back(
        environment_.metrics.gauge("kefu_gateway_keys", "API keys on record", {{"state", state}}));
  }
  environment_.metrics.before_collect([this, gauges] {
    std::array<double, kStates.size()> counts{};
    const std::int64_t now = unix_milliseconds();
    for (const auto& key : keys_.all()) ++counts[static_cast<std::size_t>(state_of(key, now))];
    for (std::size_t i = 0; i < counts.size(); ++i) gauges[i].set(counts[i]);
  });
}

std::vector<service::Condition> GatewayService::conditions() const {
  using State = service::Condition::State;
  std::vector<service::Condition> all;
  all.push_back({.name = "keys",
                 .state = keys_.complete() ? State::ok : State::failed,
                 .reason = keys_.complete() ? "" : "the API keys are still being read"});
  if (redis_) {
    all.push_back(
        {.name = "redis",
         .state = redis_->available() ? State::ok : State::degraded,
         .reason = redis_->available() ? "" : "not connected: each replica limits keys on its own"});
  }
  return all;
}

/// From SIGTERM on clients are told to reconnect, while the rest of the world learns that this replica
/// leaves.
Task<void> GatewayService::handle(http::Exchange& exchange) {
  if (environment_.admin.draining()) server_.close_connections_after_response();
  return flow_.handle(exchange);
}

Task<void> GatewayService::drain() {
  flow_.close_streams();
  co_await server_.drain();
  keys_.stop();
  records_.stop();
  budgets_.stop();
  if (redis_) redis_->stop();
  co_await tasks_.join();
}

}  // namespace kefu::gateway
