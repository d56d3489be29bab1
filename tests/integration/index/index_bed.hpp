#pragma once

#include "index_service.hpp"
#include "kefu/v1/search.pb.h"
#include "log_messages.hpp"

#include <kefu/bus/memory_bus.hpp>
#include <kefu/bus/nats_bus.hpp>
#include <kefu/proto/streams.hpp>
#include <kefu/testing/process.hpp>
#include <kefu/testing/run_task.hpp>
#include <kefu/testing/servers.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace kefu::index::testing {

/// What the service stands on: the in-memory broker, or a real nats-server. One connection for everything.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual bus::MessageBus& bus() = 0;
  virtual Storage storage() = 0;
  virtual Task<void> close() = 0;
};

class MemoryBackend final : public Backend {
 public:
  explicit MemoryBackend(asio::io_context& io) : broker_(io.get_executor()), bus_(broker_.connect()) {}
  bus::MessageBus& bus() override { return *bus_; }
  Storage storage() override;
  Task<void> close() override { co_return; }

 private:
  bus::MemoryBroker broker_;
  std::unique_ptr<bus::MessageBus> bus_;
};

class NatsBackend final : public Backend {
 public:
  explicit NatsBackend(asio::io_context& io);
  bus::MessageBus& bus() override { return bus_; }
  Storage storage() override;
  Task<void> close() override;
  kefu::testing::NatsServer& server() { return server_; }

 private:
  kefu::testing::NatsServer server_;
  asio::any_io_executor executor_;
  bus::NatsBus bus_;
};

/// One replica in this process.
class RunningIndex {
 public:
  RunningIndex(asio::io_context& io, Backend& backend, std::filesystem::path data_dir, std::string id);
  ~RunningIndex();

  IndexService& service() { return *service_; }
  bool ready() const;
  std::string metrics() const { return metrics_->expose(); }
  void stop();

 private:
  asio::io_context& io_;
  telemetry::Logger log_;
  std::unique_ptr<telemetry::Metrics> metrics_;
  std::unique_ptr<IndexService> service_;
};

/// What the services around index do.
class Client {
 public:
  Client(asio::io_context& io, Backend& backend);

  /// The sequence of the last message.
  std::uint64_t publish(const DocumentVersion& version);
  Result<kefu::v1::SearchResponse> search(const std::string& question, const std::string& kb = "kb",
                                          std::uint64_t min_sequence = 0,
                                          std::chrono::milliseconds within = std::chrono::seconds(5));
  /// The texts found; a search that fails is a failure of the test.
  std::set<std::string> find(const std::string& question, const std::string& kb = "kb");
  template <class Response, class Request>
  Result<Response> ask(std::string_view subject, const Request& request,
                       std::chrono::milliseconds within = std::chrono::seconds(5)) {
    auto reply = kefu::testing::run_task(
        io_, backend_.bus().request({"test", Deadline::in(within)},
                                    {std::string(subject), request.SerializeAsString()}));
    if (!reply) return fail(std::move(reply).error());
    Response response;
    EXPECT_TRUE(response.ParseFromString(reply->payload));
    return response;
  }
  bus::StreamState state(std::string_view stream = proto::kVectorsStream);
  Result<kefu::v1::IndexLease> lease(const std::string& id);
  /// As the lease tells; 0 without one.
  std::uint64_t applied(const std::string& id);
  Storage& storage() { return storage_; }

 private:
  asio::io_context& io_;
  Backend& backend_;
  Storage storage_;
};

}  // namespace kefu::index::testing
