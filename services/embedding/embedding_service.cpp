#include "embedding_service.hpp"

#include "llama_embedder.hpp"

#include <kefu/async/cpu_pool.hpp>
#include <kefu/async/retry.hpp>
#include <kefu/base/ids.hpp>
#include <kefu/proto/streams.hpp>
#include <kefu/proto/subjects.hpp>
#include <kefu/service/log_bugs.hpp>

#include <fmt/format.h>

#include <utility>

namespace kefu::embedding {
namespace {

using namespace std::chrono_literals;

constexpr auto kStreamsWithin = 60s;
constexpr auto kCallWithin = 5s;
constexpr auto kRetryPause = 500ms;
constexpr auto kProviderWithin = 10s;
constexpr auto kProviderPause = 1s;
constexpr std::size_t kMaxRequests = 512;
constexpr std::string_view kQueueGroup = "embedding";
constexpr std::string_view kDurable = "embedding";

}  // namespace

EmbeddingService::EmbeddingService(EmbeddingConfig config, const service::Environment& environment)
    : config_(std::move(config)),
      environment_(environment),
      metrics_(environment.metrics),
      tasks_(environment.executor, service::log_bugs(environment.log)),
      connections_(environment.executor, service::log_bugs(environment.log)),
      streams_(environment.bulk_bus),
      reader_(environment.executor, environment.bulk_bus),
      usage_bucket_(environment.executor, environment.bus, std::string(proto::kUsageBucket)),
      budgets_bucket_(environment.executor, environment.bus, std::string(proto::kBudgetsBucket)),
      accounts_(environment.executor, usage_bucket_, budgets_bucket_,
                {.replica = random_id(), .prices = config_.model_prices}, environment.metrics,
                environment.log),
      stream_metrics_(environment.executor, streams_, reader_, environment.metrics,
                      {{.stream = std::string(proto::kPassagesStream), .consumer = std::string(kDurable)}}),
      starting_(environment.executor, service::log_bugs(environment.log)),
      stop_(environment.executor) {}

EmbeddingService::~EmbeddingService() = default;

Task<Result<>> EmbeddingService::start() {
  KEFU_CO_TRY(redis::RedisOptions redis, config_.redis());
  redis_ = std::make_unique<redis::RedisCache>(environment_.executor, std::move(redis));
  connections_.spawn(redis_->run());
  claims_.emplace(*redis_);
  if (config_.remote.given()) co_return co_await open_remote_model();
  KEFU_CO_CHECK(co_await load_model());
  KEFU_CO_CHECK(co_await ensure_streams());
  KEFU_CO_CHECK(co_await serve());
  tasks_.spawn(stream_metrics_.run());
  co_return Result<>{};
}

Task<Result<>> EmbeddingService::load_model() {
  CpuPool loader(1);  // /healthz answers meanwhile
  auto load = [options = config_.model, &log = environment_.log] {
    return LlamaEmbedder::load(options, log);
  };
  KEFU_CO_TRY(auto embedder, co_await loader.run(std::move(load)));
  use(std::move(embedder));
  co_return co_await flow_->warm_up();
}

/// With known dimensions nothing is needed of the provider: texts of the cache are served while it is down.
Task<Result<>> EmbeddingService::open_remote_model() {
  provider_.emplace(environment_.executor, config_.remote.client(), environment_.metrics);
  KEFU_CO_CHECK(co_await ensure_streams());
  tasks_.spawn(stream_metrics_.run());  // parts wait also while the provider does not answer
  if (config_.remote.embedder.dimensions != 0) co_return co_await connect_and_serve();
  not_serving_yet_ = "waiting for its first answer";
  starting_.spawn(serve_once_the_provider_answers());
  co_return Result<>{};
}

Task<void> EmbeddingService::serve_once_the_provider_answers() {
  while (!stopping_) {
    const auto served = co_await connect_and_serve();
    if (served) {
      not_serving_yet_.clear();
      co_return;
    }
    if (not_serving_yet_ != served.error().message) {
      not_serving_yet_ = served.error().message;
      environment_.log.warning("cannot embed yet", {{"error", std::string_view(served.error().message)},
                                                    {"detail", std::string_view(served.error().detail)}});
    }
    co_await stop_serving();
    if (!stopping_) co_await stop_.wait(Deadline::in(kProviderPause));
  }
}

Task<Result<>> EmbeddingService::connect_and_serve() {
  if (!embedder_) {
    KEFU_CO_TRY(auto embedder, co_await RemoteEmbedder::connect(*provider_, config_.remote.embedder,
                                                                Deadline::in(kProviderWithin)));
    use(std::move(embedder));
  }
  co_return co_await serve();
}

void EmbeddingService::use(std::unique_ptr<Embedder> embedder) {
  embedder_ = std::move(embedder);
  const ModelInfo& model = embedder_->model();
  cache_.emplace(*redis_, model, config_.cache(), metrics_);
  flow_.emplace(environment_.executor, *embedder_, *cache_, config_.queue, metrics_, tasks_);
  flow_->agree_through(*claims_);
  flow_->book_in(accounts_);
  environment_.log.info("the model is known", {{"model", std::string_view(model.name)},
                                               {"fingerprint", std::string_view(model.fingerprint)},
                                               {"dimensions", static_cast<std::int64_t>(model.dimensions)},
                                               {"max_tokens", static_cast<std::int64_t>(model.max_tokens)}});
}

/// NATS may go away again while the model loads.
Task<Result<>> EmbeddingService::ensure_streams() {
  auto attempt = [this] { return proto::ensure_streams(streams_, {}, Deadline::in(kCallWithin)); };
  KEFU_CO_CHECK(co_await retry_until(Deadline::in(kStreamsWithin), kRetryPause, attempt));
  auto books = [this] { return accounts_.ensure_storage(Deadline::in(kCallWithin)); };
  KEFU_CO_CHECK(co_await retry_until(Deadline::in(kStreamsWithin), kRetryPause, books));
  accounts_.start(connections_);
  co_await accounts_.wait_complete(Deadline::in(kCallWithin));
  co_return Result<>{};
}

Task<Result<>> EmbeddingService::serve() {
  if (config_.fewest_dimensions > flow_->model().dimensions) {
    co_return fail(Errc::invalid_argument,
                   fmt::format("matryoshka-dimensions must be at most {}, the number of the model {}",
                               flow_->model().dimensions, flow_->model().name));
  }
  requests_.emplace(*flow_, environment_.metrics, environment_.log, config_.fewest_dimensions);
  worker_.emplace(environment_.executor, *flow_, streams_, metrics_, environment_.log);
  const auto options = [](std::string_view subject) {
    return bus::ServeOptions{std::string(subject), std::string(kQueueGroup), kMaxRequests};
  };
  KEFU_CO_TRY(auto embed,
              environment_.bus.serve(options(proto::kEmbed), [this](RequestContext context,
                                                                    bus::Message message, bus::ReplySink&) {
                return requests_->embed(std::move(context), std::move(message.payload));
              }));
  subscriptions_.push_back(std::move(embed));
  KEFU_CO_TRY(auto count, environment_.bus.serve(options(proto::kCountTokens), [this](RequestContext context,
                                                                                      bus::Message message,
                                                                                      bus::ReplySink&) {
    return requests_->count_tokens(std::move(context), std::move(message.payload));
  }));
  subscriptions_.push_back(std::move(count));
  KEFU_CO_TRY(auto model,
              environment_.bus.serve(options(proto::kGetModel),
                                     [this](RequestContext context, bus::Message, bus::ReplySink&) {
                                       return requests_->model(std::move(context));
                                     }));
  subscriptions_.push_back(std::move(model));
  bus::WorkOptions work;
  work.stream = proto::kPassagesStream;
  work.durable = kDurable;
  work.slots = config_.import_slots;
  KEFU_CO_TRY(auto parts, co_await reader_.work(
                              std::move(work),
                              [this](bus::StoredMessage message, unsigned deliveries) {
                                return worker_->work(std::move(message), deliveries);
                              },
                              [this](bus::StoredMessage message, std::string reason) {
                                return worker_->given_up(std::move(message), std::move(reason));
                              },
                              Deadline::in(kStreamsWithin)));
  subscriptions_.push_back(std::move(parts));
  co_return Result<>{};
}

Task<void> EmbeddingService::stop_serving() {
  if (worker_) worker_->stop();
  for (const auto& subscription : subscriptions_) co_await subscription->drain();
  subscriptions_.clear();
}

std::vector<service::Condition> EmbeddingService::conditions() const {
  service::Condition redis{.name = "redis"};
  if (!redis_->available()) {
    redis.state = service::Condition::State::degraded;
    redis.reason = "not connected: every text is embedded anew";
  }
  std::vector<service::Condition> all{std::move(redis)};
  if (provider_) all.push_back(provider_condition());
  return all;
}

service::Condition EmbeddingService::provider_condition() const {
  service::Condition condition{.name = "embedding_provider"};
  if (!not_serving_yet_.empty()) {
    condition.state = service::Condition::State::failed;
    condition.reason = not_serving_yet_;
  } else if (!provider_->failure().empty()) {
    condition.state = service::Condition::State::degraded;
    condition.reason = provider_->failure();
  }
  return condition;
}

Task<void> EmbeddingService::drain() {
  stopping_ = true;
  stop_.raise();
  co_await starting_.join();
  co_await stop_serving();
  if (flow_) flow_->stop();
  stream_metrics_.stop();
  co_await tasks_.join();
  accounts_.stop();  // writes what was booked till now
  if (redis_) redis_->stop();
  co_await connections_.join();
}

}  // namespace kefu::embedding
