#pragma once

#include "answer_flow.hpp"
#include "answer_metrics.hpp"
#include "config.hpp"
#include "open_ai_llm_client.hpp"
#include "retrieval_clients.hpp"

#include <kefu/async/task_group.hpp>
#include <kefu/bus/key_value.hpp>
#include <kefu/bus/message_bus.hpp>
#include <kefu/directory/knowledge_bases.hpp>
#include <kefu/provider/client.hpp>
#include <kefu/redis/redis_cache.hpp>
#include <kefu/service/runner.hpp>
#include <kefu/telemetry/log.hpp>
#include <kefu/telemetry/metrics.hpp>
#include <kefu/usage/accounts.hpp>

#include <memory>
#include <optional>
#include <vector>

namespace kefu::answer {

/// Serves kAsk and kRetrieve with one AnswerFlow.
class AnswerService final : public service::Service {
 public:
  /// What it is given; all outlives it but the buckets, which it owns.
  struct Parts {
    asio::any_io_executor executor;
    const telemetry::Logger& log;
    telemetry::Metrics& metrics;
    bus::MessageBus& bus;
    std::unique_ptr<bus::KeyValueBucket> knowledge_bases;  ///< KEFU_KBS
    std::unique_ptr<bus::KeyValueBucket> usage;            ///< KEFU_USAGE
    std::unique_ptr<bus::KeyValueBucket> budgets;          ///< KEFU_BUDGETS
  };
  AnswerService(Parts parts, Config config);

  Task<Result<>> start() override;
  std::vector<service::Condition> conditions() const override;
  Task<void> drain() override;

 private:
  Result<> serve(std::string_view subject, bus::Handler handler);
  Task<Result<std::string>> ask(RequestContext context, bus::Message message, bus::ReplySink& sink);
  Task<Result<std::string>> retrieve(RequestContext context, bus::Message message);

  Parts parts_;
  Config config_;
  AnswerMetrics metrics_;
  directory::KnowledgeBases knowledge_bases_;
  BusEmbeddingClient embedding_;
  BusSearchClient search_;
  redis::RedisCache redis_;
  CachedConversations memory_;
  std::optional<provider::Client> provider_;
  std::optional<OpenAiLlmClient> llm_;
  usage::Accounts accounts_;
  AnswerFlow flow_;
  TaskGroup tasks_;
  std::vector<std::unique_ptr<bus::Subscription>> subscriptions_;
};

}  // namespace kefu::answer
