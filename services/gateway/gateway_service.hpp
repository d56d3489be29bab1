#pragma once

#include "admin_key.hpp"
#include "config.hpp"
#include "gateway_flow.hpp"
#include "key_store.hpp"
#include "rate_limit.hpp"

#include <kefu/async/task_group.hpp>
#include <kefu/bus/jetstream.hpp>
#include <kefu/directory/knowledge_bases.hpp>
#include <kefu/http/server.hpp>
#include <kefu/redis/redis_token_buckets.hpp>
#include <kefu/service/runner.hpp>

#include <memory>
#include <vector>

namespace kefu::gateway {

/// The gateway as the runner sees it: the flow behind an HTTP server, over real streams.
class GatewayService final : public service::Service {
 public:
  GatewayService(GatewayConfig config, const service::Environment& environment);

  Task<Result<>> start() override;
  std::vector<service::Condition> conditions() const override;
  Task<void> drain() override;

 private:
  Task<Result<>> ensure_storage();
  Task<Result<>> ensure_storage_once(Deadline deadline);
  /// Errors: others would reach us without a key, or it cannot be known.
  Task<Result<>> check_that_keys_are_asked_for();
  void count_keys();
  Task<void> handle(http::Exchange& exchange);

  GatewayConfig config_;
  service::Environment environment_;
  bus::JetStreamStore store_;
  bus::JetStreamBucket knowledge_base_bucket_;
  directory::KnowledgeBases knowledge_bases_;  // never run: every look-up reads the bucket
  bus::JetStreamReader reader_;
  bus::JetStreamBucket key_bucket_;
  KeyStore keys_;
  bus::JetStreamBucket usage_bucket_;
  bus::JetStreamBucket budgets_bucket_;
  usage::Records records_;
  usage::Budgets budgets_;
  AdminKey admin_key_;
  std::unique_ptr<redis::RedisTokenBuckets> redis_;  // null: there is none
  SharedRateLimiter limiter_;
  TaskGroup tasks_;
  GatewayFlow flow_;
  http::Server server_;
};

}  // namespace kefu::gateway
