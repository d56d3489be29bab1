#pragma once

#include "config.hpp"
#include "embedding_flow.hpp"
#include "embedding_metrics.hpp"
#include "passage_worker.hpp"
#include "remote_embedder.hpp"
#include "requests.hpp"
#include "vector_cache.hpp"

#include <kefu/async/signal.hpp>
#include <kefu/async/task_group.hpp>
#include <kefu/bus/jetstream.hpp>
#include <kefu/provider/client.hpp>
#include <kefu/redis/redis_cache.hpp>
#include <kefu/redis/redis_claims.hpp>
#include <kefu/service/runner.hpp>
#include <kefu/service/stream_metrics.hpp>
#include <kefu/usage/accounts.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kefu::embedding {

/// Puts the parts together, in the order in which they start and drain.
class EmbeddingService final : public service::Service {
 public:
  EmbeddingService(EmbeddingConfig config, const service::Environment& environment);
  ~EmbeddingService() override;

  Task<Result<>> start() override;
  std::vector<service::Condition> conditions() const override;
  Task<void> drain() override;

 private:
  Task<Result<>> load_model();
  Task<Result<>> open_remote_model();
  Task<void> serve_once_the_provider_answers();
  Task<Result<>> connect_and_serve();
  void use(std::unique_ptr<Embedder> embedder);
  Task<Result<>> ensure_streams();
  Task<Result<>> serve();
  Task<void> stop_serving();
  service::Condition provider_condition() const;

  EmbeddingConfig config_;
  service::Environment environment_;
  EmbeddingMetrics metrics_;
  TaskGroup tasks_;        // of the flow
  TaskGroup connections_;  // stopped after them: their last vectors still go to Redis
  bus::JetStreamStore streams_;
  bus::JetStreamReader reader_;
  bus::JetStreamBucket usage_bucket_;
  bus::JetStreamBucket budgets_bucket_;
  usage::Accounts accounts_;
  service::StreamMetrics stream_metrics_;
  std::unique_ptr<redis::RedisCache> redis_;
  std::optional<redis::RedisClaims> claims_;
  std::optional<provider::Client> provider_;  // of a remote model
  std::unique_ptr<Embedder> embedder_;
  std::optional<VectorCache> cache_;
  std::optional<EmbeddingFlow> flow_;
  std::optional<Requests> requests_;
  std::optional<PassageWorker> worker_;
  std::vector<std::unique_ptr<bus::Subscription>> subscriptions_;  // in the order in which they drain
  TaskGroup starting_;                                             // waits for a provider
  Signal stop_;
  bool stopping_ = false;
  std::string not_serving_yet_;  // why; empty once it serves
};

}  // namespace kefu::embedding
