#include "index_bed.hpp"

#include <kefu/bus/jetstream.hpp>

#include <utility>

namespace kefu::index::testing {
namespace {

using namespace std::chrono_literals;
using kefu::testing::run_task;

class NoAdmin final : public service::AdminEndpoints {
 public:
  void add_to(http::Router&) const override {}
  bool draining() const override { return false; }
};
const NoAdmin kNoAdmin;

Deadline soon() { return Deadline::in(10s); }

}  // namespace

Storage MemoryBackend::storage() {
  return {.streams = broker_.stream_store(),
          .reader = broker_.stream_reader(),
          .knowledge_bases = broker_.bucket(std::string(proto::kKnowledgeBasesBucket)),
          .leases = broker_.bucket(std::string(proto::kLeasesBucket)),
          .janitor = broker_.bucket(std::string(proto::kJanitorBucket))};
}

NatsBackend::NatsBackend(asio::io_context& io)
    : executor_(io.get_executor()), bus_(executor_, {.url = server_.url()}, [](bool) {}) {
  EXPECT_TRUE(bus_.start());
  EXPECT_TRUE(run_task(io, bus_.wait_connected(soon())));
}

Storage NatsBackend::storage() {
  const auto bucket = [this](std::string_view name) {
    return std::make_unique<bus::JetStreamBucket>(executor_, bus_, std::string(name));
  };
  return {.streams = std::make_unique<bus::JetStreamStore>(bus_),
          .reader = std::make_unique<bus::JetStreamReader>(executor_, bus_),
          .knowledge_bases = bucket(proto::kKnowledgeBasesBucket),
          .leases = bucket(proto::kLeasesBucket),
          .janitor = bucket(proto::kJanitorBucket)};
}

Task<void> NatsBackend::close() { co_await bus_.drain(soon()); }

RunningIndex::RunningIndex(asio::io_context& io, Backend& backend, std::filesystem::path data_dir,
                           std::string id)
    : io_(io), log_(id, telemetry::Level::warning), metrics_(std::make_unique<telemetry::Metrics>()) {
  IndexConfig config;
  config.data_dir = data_dir.string();
  config.replica_id = std::move(id);
  config.search_threads = 1;
  config.erase_rate = 5000;
  const service::Environment environment{io.get_executor(), log_,          *metrics_,
                                         backend.bus(),     backend.bus(), kNoAdmin};
  service_ = std::make_unique<IndexService>(std::move(config), environment, backend.storage());
  const auto started = run_task(io, service_->start());
  EXPECT_TRUE(started) << started.error().message << " " << started.error().detail;
}

RunningIndex::~RunningIndex() { stop(); }

void RunningIndex::stop() {
  if (!service_) return;
  run_task(io_, service_->drain());
  service_.reset();
}

bool RunningIndex::ready() const {
  for (const auto& condition : service_->conditions()) {
    if (condition.state != service::Condition::State::ok) return false;
  }
  return true;
}

Client::Client(asio::io_context& io, Backend& backend)
    : io_(io), backend_(backend), storage_(backend.storage()) {
  EXPECT_TRUE(run_task(io, proto::ensure_streams(*storage_.streams, {}, soon())));
}

std::uint64_t Client::publish(const DocumentVersion& version) {
  std::uint64_t sequence = 0;
  for (bus::Message& message : version.messages()) {
    auto stored = run_task(io_, storage_.streams->append(std::move(message), soon()));
    EXPECT_TRUE(stored);
    sequence = stored.value_or(0);
  }
  return sequence;
}

Result<kefu::v1::SearchResponse> Client::search(const std::string& question, const std::string& kb,
                                                std::uint64_t min_sequence,
                                                std::chrono::milliseconds within) {
  kefu::v1::SearchRequest request;
  request.set_kb_incarnation(kb);
  request.set_question(question);
  request.set_vector(vector::encode(std::vector<float>{1, 1, 1}, kefu::v1::VECTOR_FORMAT_FLOAT32));
  request.set_model_fingerprint("m1");
  request.set_top_k(100);
  request.set_min_sequence(min_sequence);
  return ask<kefu::v1::SearchResponse>(proto::kSearch, request, within);
}

std::set<std::string> Client::find(const std::string& question, const std::string& kb) {
  std::set<std::string> texts;
  const auto response = search(question, kb);
  EXPECT_TRUE(response) << response.error().message;
  if (!response) return texts;
  for (const auto& hit : response->hits()) texts.insert(hit.passage().text());
  EXPECT_EQ(texts.size(), static_cast<std::size_t>(response->hits_size())) << "a passage was found twice";
  return texts;
}

std::uint64_t Client::applied(const std::string& id) {
  const auto found = lease(id);
  return found ? found->applied_sequence() : 0;
}

bus::StreamState Client::state(std::string_view stream) {
  auto state = run_task(io_, storage_.streams->state(std::string(stream), soon()));
  EXPECT_TRUE(state);
  return state.value_or(bus::StreamState{});
}

Result<kefu::v1::IndexLease> Client::lease(const std::string& id) {
  KEFU_TRY(const auto entry, run_task(io_, storage_.leases->get(id, soon())));
  kefu::v1::IndexLease lease;
  EXPECT_TRUE(lease.ParseFromString(entry.value));
  return lease;
}

}  // namespace kefu::index::testing
