#include "index_service.hpp"

#include <kefu/async/retry.hpp>
#include <kefu/bus/jetstream.hpp>
#include <kefu/proto/streams.hpp>
#include <kefu/proto/subjects.hpp>
#include <kefu/service/log_bugs.hpp>
#include <kefu/text/normalize.hpp>

#include <array>
#include <utility>

namespace kefu::index {
namespace {

using namespace std::chrono_literals;

constexpr auto kStorageWithin = 60s;
constexpr auto kCallWithin = 5s;
constexpr auto kRetryPause = 500ms;
constexpr auto kPoll = 500ms;
constexpr std::size_t kMaxOthers = 64;
constexpr std::string_view kQueueGroup = "index";

}  // namespace

Storage jetstream_storage(const service::Environment& environment) {
  bus::MessageBus& bus = environment.bulk_bus;
  const auto bucket = [&](std::string_view name) {
    return std::make_unique<bus::JetStreamBucket>(environment.executor, environment.bus, std::string(name));
  };
  return {.streams = std::make_unique<bus::JetStreamStore>(bus),
          .reader = std::make_unique<bus::JetStreamReader>(environment.executor, bus),
          .knowledge_bases = bucket(proto::kKnowledgeBasesBucket),
          .leases = bucket(proto::kLeasesBucket),
          .janitor = bucket(proto::kJanitorBucket)};
}

IndexService::IndexService(IndexConfig config, const service::Environment& environment, Storage storage)
    : config_(std::move(config)),
      environment_(environment),
      storage_(std::move(storage)),
      metrics_(environment.metrics),
      search_pool_(config_.search_threads_or_default()),
      engine_(search_pool_, update_pool_, config_.weights),
      replica_({.executor = environment.executor,
                .streams = *storage_.streams,
                .reader = *storage_.reader,
                .engine = engine_,
                .update_pool = update_pool_,
                .metrics = metrics_,
                .log = environment.log},
               config_.file()),
      lease_(environment.executor, *storage_.leases, *storage_.streams, replica_, config_.replica_id,
             environment.log),
      janitor_({.bucket = *storage_.janitor,
                .leases = *storage_.leases,
                .streams = *storage_.streams,
                .replica = replica_,
                .metrics = metrics_,
                .log = environment.log},
               config_.replica_id, config_.erase_rate),
      directory_(*storage_.knowledge_bases),
      sweep_(directory_, replica_),
      passages_sweep_(directory_, *storage_.streams, metrics_, environment.log),
      orphan_sweep_(*storage_.streams, replica_, metrics_, environment.log),
      registry_(*storage_.knowledge_bases),
      flow_({.engine = engine_,
             .replica = replica_,
             .lease = lease_,
             .knowledge_bases = sweep_,
             .registry = registry_,
             .read_pool = read_pool_,
             .metrics = metrics_}),
      stream_metrics_(environment.executor, *storage_.streams, *storage_.reader, environment.metrics,
                      {{.stream = std::string(proto::kVectorsStream),
                        .consumer = std::string(kQueueGroup),
                        .read_up_to = [this] { return replica_.applied(); }}}),
      tasks_(environment.executor, service::log_bugs(environment.log)) {
  environment.metrics.before_collect([this, alive = std::weak_ptr<int>(alive_)] {
    if (!alive.expired()) update_gauges();
  });
}

Task<Result<>> IndexService::start() {
  text::warm_up();
  KEFU_CO_CHECK(co_await ensure_storage());
  KEFU_CO_CHECK(serve(proto::kPutKnowledgeBase, "put_kb", &IndexFlow::put, kMaxOthers));
  KEFU_CO_CHECK(serve(proto::kDeleteKnowledgeBase, "delete_kb", &IndexFlow::remove, kMaxOthers));
  tasks_.spawn(directory_.run());
  tasks_.spawn(replica_.run());
  tasks_.spawn(lease_.run());
  tasks_.spawn(sweep_.run());
  tasks_.spawn(passages_sweep_.run());
  tasks_.spawn(orphan_sweep_.run());
  tasks_.spawn(janitor_.run());
  tasks_.spawn(stream_metrics_.run());
  tasks_.spawn(serve_when_ready());
  environment_.log.info("this replica reads the log", {{"replica", std::string_view(config_.replica_id)}});
  co_return Result<>{};
}

/// NATS may go away again, or JetStream may not be up yet.
Task<Result<>> IndexService::ensure_storage() {
  auto attempt = [this] { return ensure_storage_once(Deadline::in(kCallWithin)); };
  co_return co_await retry_until(Deadline::in(kStorageWithin), kRetryPause, attempt);
}

Task<Result<>> IndexService::ensure_storage_once(Deadline deadline) {
  KEFU_CO_CHECK(co_await proto::ensure_streams(*storage_.streams, {}, deadline));
  KEFU_CO_CHECK(co_await storage_.knowledge_bases->ensure(0ms, deadline));
  KEFU_CO_CHECK(co_await storage_.leases->ensure(kLeaseTtl, deadline));
  co_return co_await storage_.janitor->ensure(kJanitorTtl, deadline);
}

Result<> IndexService::serve(std::string_view subject, std::string operation, Operation handle,
                             std::size_t max_in_flight) {
  const auto metrics = std::make_shared<const telemetry::OperationMetrics>(environment_.metrics, "index",
                                                                           std::move(operation));
  bus::ServeOptions options{std::string(subject), std::string(kQueueGroup), max_in_flight};
  auto handler = [this, metrics, handle](RequestContext context, bus::Message message, bus::ReplySink&) {
    return measured(std::move(context), std::move(message.payload), metrics, handle);
  };
  KEFU_TRY(auto subscription, environment_.bus.serve(std::move(options), std::move(handler)));
  subscriptions_.push_back(std::move(subscription));
  return {};
}

Task<Result<std::string>> IndexService::measured(RequestContext context, std::string payload,
                                                 std::shared_ptr<const telemetry::OperationMetrics> metrics,
                                                 Operation handle) {
  const auto began = Deadline::Clock::now();
  auto result = co_await (flow_.*handle)(context, std::move(payload));
  if (result) {
    metrics->succeeded(Deadline::Clock::now() - began);
    co_return result;
  }
  const Errc code = result.error().code;
  metrics->failed(code);
  if (code == Errc::internal || code == Errc::data_corrupt) {
    environment_.log.failure(telemetry::Level::error, "a request failed", context, result.error());
  }
  co_return result;
}

Task<void> IndexService::serve_when_ready() {
  while (!draining_ && !serving_reads_) {
    if (!co_await lease_.wait_ready(Deadline::in(kPoll)) || draining_) continue;
    if (auto served = serve_reads(); !served) {
      environment_.log.warning("searches cannot be served yet",
                               {{"error", std::string_view(served.error().message)}});
      co_await sleep_for(kPoll);
    }
  }
}

Result<> IndexService::serve_reads() {
  struct Read {
    std::string_view subject;
    const char* operation;
    Operation handle;
    std::size_t max_in_flight;
  };
  const std::array<Read, 5> reads{
      Read{proto::kGetKnowledgeBase, "get_kb", &IndexFlow::get, kMaxOthers},
      Read{proto::kListKnowledgeBases, "list_kbs", &IndexFlow::list, kMaxOthers},
      Read{proto::kListDocuments, "list_documents", &IndexFlow::list_documents, kMaxOthers},
      Read{proto::kGetDocument, "get_document", &IndexFlow::get_document, kMaxOthers},
      Read{proto::kSearch, "search", &IndexFlow::search, config_.max_searches},
  };
  for (; reads_served_ < reads.size(); ++reads_served_) {
    const Read& read = reads[reads_served_];
    KEFU_CHECK(serve(read.subject, read.operation, read.handle, read.max_in_flight));
  }
  serving_reads_ = true;
  environment_.log.info("serving searches",
                        {{"applied_sequence", static_cast<std::int64_t>(replica_.applied())}});
  return {};
}

std::vector<service::Condition> IndexService::conditions() const {
  using State = service::Condition::State;
  std::vector<service::Condition> all;
  if (lease_.ready() && serving_reads_) {
    all.push_back({.name = "replica"});
  } else {
    all.push_back({.name = "replica", .state = State::failed, .reason = lease_.reason()});
  }
  if (replica_.disk_problem().empty()) {
    all.push_back({.name = "disk"});
  } else {
    all.push_back({.name = "disk", .state = State::degraded, .reason = replica_.disk_problem()});
  }
  return all;
}

void IndexService::update_gauges() {
  const EngineSize size = engine_.size();
  metrics_.documents.set(static_cast<double>(size.documents));
  metrics_.passages.set(static_cast<double>(size.passages));
  metrics_.vector_bytes.set(static_cast<double>(size.vector_bytes));
  metrics_.applied_sequence.set(static_cast<double>(replica_.applied()));
  metrics_.lag.set(static_cast<double>(replica_.stream_end() - replica_.applied()));
  metrics_.ready.set(lease_.ready() ? 1 : 0);
}

Task<void> IndexService::drain() {
  draining_ = true;
  // Searches that wait for a sequence are answered first, so the replica reads on until they are.
  for (const auto& subscription : subscriptions_) co_await subscription->drain();
  janitor_.stop();
  sweep_.stop();
  passages_sweep_.stop();
  orphan_sweep_.stop();
  directory_.stop();
  lease_.stop();
  replica_.stop();
  stream_metrics_.stop();
  co_await tasks_.join();
  co_await lease_.give_up(Deadline::in(kCallWithin));
}

}  // namespace kefu::index
