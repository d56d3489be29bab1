#pragma once

#include "config.hpp"
#include "embedded_engine.hpp"
#include "index_flow.hpp"
#include "index_metrics.hpp"
#include "janitor.hpp"
#include "knowledge_base_registry.hpp"
#include "knowledge_base_sweep.hpp"
#include "lease_keeper.hpp"
#include "orphan_sweep.hpp"
#include "passages_sweep.hpp"
#include "replica.hpp"

#include <kefu/async/cpu_pool.hpp>
#include <kefu/async/task_group.hpp>
#include <kefu/directory/knowledge_bases.hpp>
#include <kefu/service/runner.hpp>
#include <kefu/service/stream_metrics.hpp>
#include <kefu/telemetry/operation_metrics.hpp>

#include <memory>
#include <string>
#include <vector>

namespace kefu::index {

/// The durable side, as the service is given it: JetStream, or a double.
struct Storage {
  std::unique_ptr<bus::StreamStore> streams;
  std::unique_ptr<bus::StreamReader> reader;
  std::unique_ptr<bus::KeyValueBucket> knowledge_bases;
  std::unique_ptr<bus::KeyValueBucket> leases;
  std::unique_ptr<bus::KeyValueBucket> janitor;
};

/// Of the NATS server that the environment is connected to.
Storage jetstream_storage(const service::Environment& environment);

/// Puts the parts together, in the order in which they start and drain.
class IndexService final : public service::Service {
 public:
  IndexService(IndexConfig config, const service::Environment& environment, Storage storage);

  Task<Result<>> start() override;
  std::vector<service::Condition> conditions() const override;
  Task<void> drain() override;

 private:
  using Operation = Task<Result<std::string>> (IndexFlow::*)(RequestContext, std::string);

  Task<Result<>> ensure_storage();
  Task<Result<>> ensure_storage_once(Deadline deadline);
  Result<> serve(std::string_view subject, std::string operation, Operation handle,
                 std::size_t max_in_flight);
  Task<Result<std::string>> measured(RequestContext context, std::string payload,
                                     std::shared_ptr<const telemetry::OperationMetrics> metrics,
                                     Operation handle);
  /// Searches and counts come from what the replica holds, so they wait until it holds everything.
  Task<void> serve_when_ready();
  Result<> serve_reads();
  void update_gauges();

  IndexConfig config_;
  service::Environment environment_;
  Storage storage_;
  IndexMetrics metrics_;
  CpuPool search_pool_;
  CpuPool update_pool_{1};
  CpuPool read_pool_{1};
  EmbeddedEngine engine_;
  Replica replica_;
  LeaseKeeper lease_;
  Janitor janitor_;
  directory::KnowledgeBases directory_;
  KnowledgeBaseSweep sweep_;
  PassagesSweep passages_sweep_;
  OrphanSweep orphan_sweep_;
  KnowledgeBaseRegistry registry_;
  IndexFlow flow_;
  service::StreamMetrics stream_metrics_;
  TaskGroup tasks_;
  std::vector<std::unique_ptr<bus::Subscription>> subscriptions_;
  std::size_t reads_served_ = 0;  // subjects of them
  bool serving_reads_ = false;
  bool draining_ = false;
  std::shared_ptr<int> alive_ = std::make_shared<int>();  // /metrics may be asked for after this object's end
};

}  // namespace kefu::index
