#pragma once

#include "config.hpp"
#include "gateway_flow.hpp"
#include "rate_limit.hpp"

#include <kefu/async/task_group.hpp>
#include <kefu/bus/memory_bus.hpp>
#include <kefu/directory/knowledge_bases.hpp>
#include <kefu/http/client.hpp>
#include <kefu/http/server.hpp>
#include <kefu/redis/memory_token_buckets.hpp>
#include <kefu/telemetry/log.hpp>
#include <kefu/telemetry/metrics.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <nlohmann/json.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace kefu::gateway {

/// A StreamStore in front of another one that can hold its acknowledgements back or refuse. The thread of the
/// harness alone touches it.
class GatedStore final : public bus::StreamStore {
 public:
  GatedStore(asio::any_io_executor executor, bus::StreamStore& inner)
      : inner_(inner), opened_(std::move(executor)) {}

  Task<Result<std::uint64_t>> append(bus::Message message, Deadline deadline) override;
  Task<Result<>> ensure(bus::StreamSpec spec, Deadline deadline) override {
    return inner_.ensure(std::move(spec), deadline);
  }
  Task<Result<bus::StreamState>> state(std::string stream, Deadline deadline) override {
    return inner_.state(std::move(stream), deadline);
  }
  Task<Result<bus::StoredMessage>> last(std::string stream, std::string subject, Deadline deadline) override {
    return inner_.last(std::move(stream), std::move(subject), deadline);
  }
  Task<Result<>> erase(std::string stream, std::uint64_t sequence, Deadline deadline) override {
    return inner_.erase(std::move(stream), sequence, deadline);
  }
  Task<Result<std::uint64_t>> purge(std::string stream, std::string subject, Deadline deadline) override {
    return inner_.purge(std::move(stream), std::move(subject), deadline);
  }

  void hold() { held_ = true; }
  void release() {
    held_ = false;
    opened_.raise();
  }
  std::size_t waiting() const { return waiting_; }
  std::optional<Error> refusal;
  std::string refused_subjects = {};  ///< what their subjects begin with

 private:
  bus::StreamStore& inner_;
  Signal opened_;
  bool held_ = false;
  std::size_t waiting_ = 0;
};

/// The gateway in this process on a thread of its own, over a broker in memory. The test plays the services
/// behind it and the clients in front of it.
class GatewayHarness {
 public:
  /// The file that `config` names has been read already; the harness reads none.
  explicit GatewayHarness(GatewayConfig config = {}, AdminKey admin_key = {},
                          http::ServerOptions server_options = {.port = 0});
  ~GatewayHarness();

  /// Answers a subject as a service would, from now on.
  void serve(std::string_view subject, bus::Handler handler);
  /// Makes a knowledge base known in the bucket that index writes.
  void add_knowledge_base(const std::string& name, const std::string& incarnation);
  void set_connected(bool connected);

  struct Stored {
    std::string subject;
    std::string payload;
  };
  /// A key of this record, made by another gateway; returns its secret.
  std::string add_key(kefu::v1::ApiKey key);
  /// The record of a key as it is stored; throws when there is none.
  std::string key_record(const std::string& id);
  /// As if a replica of another service had counted; returns when the gateway knows.
  void add_usage(const usage::DayCounts& counts, const std::string& replica);
  /// The newest message of a subject; wildcards are allowed.
  std::optional<Stored> last(std::string_view stream, std::string subject);
  std::uint64_t stored_messages(std::string_view stream);
  GatedStore& store() { return store_; }
  /// On the thread of the gateway.
  GatewayFlow& flow() { return flow_; }
  /// Runs on the thread of the gateway, and returns when done.
  void run(std::function<void()> function);

  http::Response send(http::ClientRequest request);
  http::Response post_json(const std::string& path, const std::string& body, http::Fields fields = {});
  http::Response get(const std::string& path) { return send({.url = url(path)}); }
  std::string url(const std::string& path) const;
  std::uint16_t port() const { return port_; }
  double metric(std::string_view series);
  /// A request is counted after its response has been sent, so the client may be first.
  bool metric_becomes(std::string_view series, double value);
  std::string log();

 private:
  template <class T>
  T await(Task<T> task);

  asio::io_context io_;
  bus::MemoryBroker broker_{io_.get_executor()};
  std::unique_ptr<bus::MessageBus> gateway_bus_ = broker_.connect();
  std::unique_ptr<bus::MessageBus> service_bus_ = broker_.connect();
  std::unique_ptr<bus::StreamStore> memory_store_ = broker_.stream_store();
  std::unique_ptr<bus::KeyValueBucket> bucket_ = broker_.bucket("KEFU_KBS");
  GatedStore store_{io_.get_executor(), *memory_store_};
  directory::KnowledgeBases knowledge_bases_{*bucket_};
  std::string log_;
  telemetry::Logger logger_;
  telemetry::Metrics metrics_;
  std::unique_ptr<bus::StreamReader> reader_ = broker_.stream_reader();
  std::unique_ptr<bus::KeyValueBucket> key_bucket_ = broker_.bucket("KEFU_KEYS");
  KeyStore keys_{io_.get_executor(), *key_bucket_};
  std::unique_ptr<bus::KeyValueBucket> usage_bucket_ = broker_.bucket("KEFU_USAGE");
  std::unique_ptr<bus::KeyValueBucket> budgets_bucket_ = broker_.bucket("KEFU_BUDGETS");
  std::set<std::string> usage_replicas_;  // of which the gateway has read the records
  std::size_t usage_records_ = 0;
  usage::Records records_{*usage_bucket_,
                          [] { return usage::day_of(std::chrono::system_clock::now() - usage::kRecordLife); },
                          [this](const usage::Records::Record*, const usage::Records::Record* now) {
                            usage_replicas_.insert(usage::day_key(now->day) + "." + now->replica);
                          }};
  usage::Budgets budgets_{*budgets_bucket_};
  AdminKey admin_key_;
  redis::MemoryTokenBuckets buckets_;
  SharedRateLimiter limiter_{io_.get_executor(), &buckets_, metrics_};
  TaskGroup tasks_{io_.get_executor(), {}};
  GatewayFlow flow_;
  http::Server server_;
  std::uint16_t port_ = 0;
  std::vector<std::unique_ptr<bus::Subscription>> subscriptions_;
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  std::thread thread_;
  asio::io_context client_io_;
  http::Client client_{client_io_.get_executor(), {}};
};

/// Polls, up to twenty seconds.
bool eventually(const std::function<bool()>& condition);

nlohmann::json json_of(const http::Response& response);

}  // namespace kefu::gateway
