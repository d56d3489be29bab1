#include "ingest_service.hpp"

#include "kefu/v1/log.pb.h"

#include <kefu/async/retry.hpp>
#include <kefu/base/ids.hpp>
#include <kefu/proto/streams.hpp>
#include <kefu/proto/subjects.hpp>
#include <kefu/service/log_bugs.hpp>

#include <chrono>
#include <utility>

namespace kefu::ingest {
namespace {

using namespace std::chrono_literals;

constexpr auto kStartTime = 30s;
constexpr auto kCallTime = 5s;
constexpr auto kRetryPause = 500ms;
// The server removes the leases of replicas that died.
constexpr auto kLeaseLife = 10s;

SplitSettings split_settings(const IngestConfig& config) {
  return {.target_tokens = static_cast<std::uint32_t>(config.target_tokens),
          .overlap_tokens = static_cast<std::uint32_t>(config.overlap_tokens)};
}

ChildLimits child_limits(const IngestConfig& config) {
  return {.memory_bytes = config.extractor_memory_mb << 20, .time = config.extractor_time};
}

/// Files are read part by part as jobs name them, and dead letters through a filter: of these only how much
/// there is.
std::vector<service::WatchedStream> watched_streams(const TrackerLoop& tracker) {
  return {{.stream = std::string(proto::kJobsStream), .consumer = std::string(JobLog::kWorkers)},
          {.stream = std::string(proto::kVectorsStream),
           .consumer = "ingest",
           .read_up_to = [&tracker] { return tracker.log_read_up_to(); }},
          {.stream = std::string(proto::kFilesStream)},
          {.stream = std::string(bus::kDeadLetterStream)}};
}

}  // namespace

IngestService::IngestService(IngestConfig config, const service::Environment& environment)
    : config_(std::move(config)),
      environment_(environment),
      metrics_(environment.metrics),
      pool_(config_.slots),
      store_(environment.bulk_bus),
      reader_(environment.executor, environment.bulk_bus),
      knowledge_base_bucket_(environment.executor, environment.bus,
                             std::string(proto::kKnowledgeBasesBucket)),
      states_bucket_(environment.executor, environment.bus, std::string(proto::kJobStatesBucket)),
      leases_bucket_(environment.executor, environment.bus, std::string(proto::kLeasesBucket)),
      usage_bucket_(environment.executor, environment.bus, std::string(proto::kUsageBucket)),
      budgets_bucket_(environment.executor, environment.bus, std::string(proto::kBudgetsBucket)),
      accounts_(environment.executor, usage_bucket_, budgets_bucket_, {.replica = random_id()},
                environment.metrics, environment.log),
      knowledge_bases_(knowledge_base_bucket_),
      states_(states_bucket_),
      job_log_(store_, reader_),
      document_log_(store_, reader_),
      clearance_(store_, states_),
      tracker_(environment.executor, store_, reader_, states_bucket_, leases_bucket_, knowledge_base_bucket_,
               states_, clearance_, environment.log, metrics_),
      earlier_jobs_(job_log_, states_, tracker_),
      extractor_(pool_, config_.extractor_program, child_limits(config_)),
      counter_(environment.executor, environment.bus, config_.embedding_patience),
      splitter_(counter_, split_settings(config_)),
      planner_(document_log_, earlier_jobs_, extractor_, splitter_),
      flow_(store_, knowledge_bases_, states_, extractor_, splitter_, document_log_, planner_, clearance_,
            environment.log, metrics_),
      requests_(job_log_, states_, tracker_.tracker(), clearance_, Uploads(store_), environment.log, metrics_,
                &accounts_),
      dead_letters_(reader_, states_, environment.log, metrics_),
      sweeper_(environment.executor, store_, reader_, states_, environment.log, config_.sweep_interval,
               config_.sweep_age),
      stream_metrics_(environment.executor, store_, reader_, environment.metrics, watched_streams(tracker_)),
      tasks_(environment.executor, service::log_bugs(environment.log)) {}

Task<Result<>> IngestService::start() {
  KEFU_CO_CHECK(co_await ensure_storage());
  tracker_.start(tasks_);
  accounts_.start(tasks_);
  tasks_.spawn(dead_letters_.run());
  tasks_.spawn(sweeper_.run());
  KEFU_CO_CHECK(serve(proto::kGetJob, "get_job", [this](const RequestContext&, std::string request) {
    return requests_.get(std::move(request));
  }));
  KEFU_CO_CHECK(
      serve(proto::kListJobs, "list_jobs", [this](const RequestContext& context, std::string request) {
        return requests_.list(std::move(request), context.deadline);
      }));
  KEFU_CO_CHECK(serve(proto::kCancelJob, "cancel_job", [this](const RequestContext&, std::string request) {
    return requests_.cancel(std::move(request));
  }));
  KEFU_CO_TRY(jobs_, co_await reader_.work(
                         {.stream = std::string(proto::kJobsStream),
                          .durable = std::string(JobLog::kWorkers),
                          .slots = config_.slots},
                         [this](bus::StoredMessage message, unsigned deliveries) {
                           return flow_.work(std::move(message), deliveries);
                         },
                         [this](bus::StoredMessage message, std::string reason) {
                           return flow_.give_up(std::move(message), std::move(reason));
                         },
                         Deadline::in(kStartTime)));
  tasks_.spawn(stream_metrics_.run());
  co_return Result<>{};
}

Task<void> IngestService::drain() {
  counter_.stop();
  if (jobs_) co_await jobs_->drain();
  for (const auto& subscription : questions_) co_await subscription->drain();
  tracker_.stop();
  dead_letters_.stop();
  sweeper_.stop();
  accounts_.stop();
  stream_metrics_.stop();
  co_await tasks_.join();
}

/// JetStream may not be up yet.
Task<Result<>> IngestService::ensure_storage() {
  auto attempt = [this] { return ensure_storage_once(Deadline::in(kCallTime)); };
  co_return co_await retry_until(Deadline::in(kStartTime), kRetryPause, attempt);
}

Task<Result<>> IngestService::ensure_storage_once(Deadline deadline) {
  KEFU_CO_CHECK(co_await proto::ensure_streams(store_, {}, deadline));
  KEFU_CO_CHECK(co_await knowledge_base_bucket_.ensure(0ms, deadline));
  KEFU_CO_CHECK(co_await states_bucket_.ensure(kStateLife, deadline));
  KEFU_CO_CHECK(co_await accounts_.ensure_storage(deadline));
  co_return co_await leases_bucket_.ensure(kLeaseLife, deadline);
}

Result<> IngestService::serve(std::string_view subject, const std::string& operation, Answer answer) {
  const auto served = std::make_shared<const Operation>(
      Operation{telemetry::OperationMetrics(environment_.metrics, "ingest", operation), std::move(answer)});
  auto handler = [this, served](RequestContext context, bus::Message message, bus::ReplySink&) {
    return measured(std::move(context), std::move(message.payload), served);
  };
  KEFU_TRY(
      auto subscription,
      environment_.bus.serve({.subject = std::string(subject), .queue_group = "ingest"}, std::move(handler)));
  questions_.push_back(std::move(subscription));
  return {};
}

Task<Result<std::string>> IngestService::measured(RequestContext context, std::string request,
                                                  std::shared_ptr<const Operation> operation) {
  const auto began = Deadline::Clock::now();
  auto reply = co_await operation->answer(context, std::move(request));
  if (reply) {
    operation->metrics.succeeded(Deadline::Clock::now() - began);
    co_return reply;
  }
  const Errc code = reply.error().code;
  operation->metrics.failed(code);
  if (code == Errc::internal || code == Errc::data_corrupt) {
    environment_.log.failure(telemetry::Level::error, "a request failed", context, reply.error());
  }
  co_return reply;
}

}  // namespace kefu::ingest
