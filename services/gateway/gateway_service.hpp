#pragma once

#include "config.hpp"
#include "gateway_flow.hpp"

#include <kefu/bus/jetstream.hpp>
#include <kefu/directory/knowledge_bases.hpp>
#include <kefu/http/server.hpp>
#include <kefu/service/runner.hpp>

#include <cstdint>
#include <vector>

namespace kefu::gateway {

/// The gateway as the runner sees it: the flow behind an HTTP server, over real streams.
class GatewayService final : public service::Service {
 public:
  GatewayService(GatewayConfig config, const service::Environment& environment);

  Task<Result<>> start() override;
  std::vector<service::Condition> conditions() const override { return {}; }
  Task<void> drain() override;

 private:
  Task<Result<>> ensure_storage();
  Task<Result<>> ensure_storage_once(Deadline deadline);
  Task<void> handle(http::Exchange& exchange);

  GatewayConfig config_;
  service::Environment environment_;
  bus::JetStreamStore store_;
  bus::JetStreamBucket knowledge_base_bucket_;
  directory::KnowledgeBases knowledge_bases_;  // never run: every look-up reads the bucket
  GatewayFlow flow_;
  http::Server server_;
};

}  // namespace kefu::gateway
