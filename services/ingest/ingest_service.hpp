#pragma once

#include "clearance.hpp"
#include "config.hpp"
#include "dead_letters.hpp"
#include "document_log.hpp"
#include "earlier_jobs.hpp"
#include "edit_planner.hpp"
#include "extraction/child_extractor.hpp"
#include "ingest_flow.hpp"
#include "ingest_metrics.hpp"
#include "job_log.hpp"
#include "job_requests.hpp"
#include "job_states.hpp"
#include "splitting/bus_token_counter.hpp"
#include "splitting/splitter.hpp"
#include "sweeper.hpp"
#include "tracker_loop.hpp"

#include <kefu/async/cpu_pool.hpp>
#include <kefu/async/task_group.hpp>
#include <kefu/bus/jetstream.hpp>
#include <kefu/directory/knowledge_bases.hpp>
#include <kefu/service/runner.hpp>
#include <kefu/service/stream_metrics.hpp>
#include <kefu/telemetry/operation_metrics.hpp>
#include <kefu/usage/accounts.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace kefu::ingest {

/// Ingest as the runner sees it: the flow behind KEFU_JOBS, and what follows jobs to their end.
class IngestService final : public service::Service {
 public:
  IngestService(IngestConfig config, const service::Environment& environment);

  Task<Result<>> start() override;
  std::vector<service::Condition> conditions() const override { return {}; }
  Task<void> drain() override;

 private:
  using Answer = std::function<Task<Result<std::string>>(const RequestContext&, std::string request)>;
  struct Operation {
    telemetry::OperationMetrics metrics;
    Answer answer;
  };

  Task<Result<>> ensure_storage();
  Task<Result<>> ensure_storage_once(Deadline deadline);
  /// Serves requests about jobs on this subject.
  Result<> serve(std::string_view subject, const std::string& operation, Answer answer);
  Task<Result<std::string>> measured(RequestContext context, std::string request,
                                     std::shared_ptr<const Operation> operation);

  IngestConfig config_;
  service::Environment environment_;
  IngestMetrics metrics_;
  CpuPool pool_;
  bus::JetStreamStore store_;
  bus::JetStreamReader reader_;
  bus::JetStreamBucket knowledge_base_bucket_;
  bus::JetStreamBucket states_bucket_;
  bus::JetStreamBucket leases_bucket_;
  bus::JetStreamBucket usage_bucket_;
  bus::JetStreamBucket budgets_bucket_;
  usage::Accounts accounts_;  // read only: which jobs wait for a budget
  directory::KnowledgeBases
      knowledge_bases_;  // never run: each job reads the bucket, a stale copy would fail it
  JobStates states_;
  JobLog job_log_;
  DocumentLog document_log_;
  Clearance clearance_;
  TrackerLoop tracker_;
  EarlierJobs earlier_jobs_;
  ChildExtractor extractor_;
  BusTokenCounter counter_;
  Splitter splitter_;
  EditPlanner planner_;
  IngestFlow flow_;
  JobRequests requests_;
  DeadLetters dead_letters_;
  Sweeper sweeper_;
  service::StreamMetrics stream_metrics_;
  TaskGroup tasks_;
  std::unique_ptr<bus::Subscription> jobs_;
  std::vector<std::unique_ptr<bus::Subscription>> questions_;
};

}  // namespace kefu::ingest
