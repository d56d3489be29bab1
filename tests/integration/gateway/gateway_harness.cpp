#include "gateway_harness.hpp"

#include "api_key.hpp"

#include <kefu/base/ids.hpp>
#include <kefu/proto/streams.hpp>
#include <kefu/testing/run_task.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <fmt/format.h>

#include <future>
#include <sstream>
#include <stdexcept>

namespace kefu::gateway {
namespace {

using namespace std::chrono_literals;

Deadline soon() { return Deadline::in(10s); }

}  // namespace

Task<Result<std::uint64_t>> GatedStore::append(bus::Message message, Deadline deadline) {
  ++waiting_;
  bool in_time = true;
  while (held_ && in_time) in_time = co_await opened_.wait(deadline);
  --waiting_;
  if (!in_time) co_return fail(Errc::deadline_exceeded, "the stream did not acknowledge in time");
  if (refusal && message.subject.starts_with(refused_subjects)) co_return fail(*refusal);
  co_return co_await inner_.append(std::move(message), deadline);
}

GatewayHarness::GatewayHarness(GatewayConfig config, AdminKey admin_key, http::ServerOptions server_options)
    : logger_("kefu-gateway", telemetry::Level::debug,
              [this](std::string_view line) { log_.append(line).push_back('\n'); }),
      admin_key_(std::move(admin_key)),
      flow_(config, *gateway_bus_, store_, *reader_, knowledge_bases_,
            {.keys = keys_, .admin_key = admin_key_, .limiter = limiter_},
            {.records = records_, .budgets = budgets_}, logger_, metrics_),
      server_(
          io_.get_executor(), std::move(server_options),
          [this](http::Exchange& exchange) { return flow_.handle(exchange); },
          [this](http::Exchange& exchange, Error error) { return flow_.refuse(exchange, std::move(error)); }),
      thread_([this] { io_.run(); }) {
  Result<> ready;
  ready = await(proto::ensure_streams(*memory_store_, proto::StreamLimits{}, soon()));
  if (ready) ready = await(bucket_->ensure(0ms, soon()));
  if (ready) ready = await(key_bucket_->ensure(0ms, soon()));
  if (ready) ready = await(usage_bucket_->ensure(0ms, soon()));
  if (ready) ready = await(budgets_bucket_->ensure(0ms, soon()));
  run([this] {
    tasks_.spawn(keys_.run());
    tasks_.spawn(records_.run());
    tasks_.spawn(budgets_.run());
  });
  await(keys_.wait_complete(soon()));
  run([&] {
    if (ready) ready = server_.start();
    port_ = server_.port();
  });
  if (!ready) throw std::runtime_error(ready.error().message);
}

GatewayHarness::~GatewayHarness() {
  run([this] { store_.release(); });
  asio::co_spawn(io_, server_.drain(), asio::use_future).get();
  for (auto& subscription : subscriptions_)
    asio::co_spawn(io_, subscription->drain(), asio::use_future).get();
  run([this] { subscriptions_.clear(); });
  run([this] {
    keys_.stop();
    records_.stop();
    budgets_.stop();
  });
  asio::co_spawn(io_, tasks_.join(), asio::use_future).get();
  work_.reset();
  thread_.join();
}

template <class T>
T GatewayHarness::await(Task<T> task) {
  return asio::co_spawn(io_, std::move(task), asio::use_future).get();
}

void GatewayHarness::run(std::function<void()> function) {
  std::packaged_task<void()> work(std::move(function));
  auto done = work.get_future();
  asio::post(io_, [&work] { work(); });
  done.get();
}

void GatewayHarness::serve(std::string_view subject, bus::Handler handler) {
  run([&] {
    auto subscription =
        service_bus_->serve({.subject = std::string(subject), .queue_group = "services"}, std::move(handler));
    if (!subscription) throw std::runtime_error(subscription.error().message);
    subscriptions_.push_back(std::move(*subscription));
  });
}

void GatewayHarness::add_knowledge_base(const std::string& name, const std::string& incarnation) {
  kefu::v1::KnowledgeBase record;
  record.set_name(name);
  record.set_incarnation(incarnation);
  record.set_generation(1);
  const auto put = await(bucket_->put(subject_token(name), record.SerializeAsString(), std::nullopt, soon()));
  if (!put) throw std::runtime_error(put.error().message);
}

std::string GatewayHarness::add_key(kefu::v1::ApiKey key) {
  const std::string secret = new_secret();
  if (key.id().empty()) key.set_id(random_id());
  key.set_secret_sha256(secret_hash(secret));
  const auto put = await(key_bucket_->put(key.id(), key.SerializeAsString(), std::nullopt, soon()));
  if (!put) throw std::runtime_error(put.error().message);
  const auto known = [&] {
    bool found = false;
    run([&] { found = keys_.find_by_hash(key.secret_sha256()) != nullptr; });
    return found;
  };
  if (!eventually(known)) throw std::runtime_error("the gateway did not hear of the key");
  return secret;
}

void GatewayHarness::add_usage(const usage::DayCounts& counts, const std::string& replica) {
  const std::string key = usage::day_key(counts.day()) + "." + replica;
  await(usage_bucket_->put(key, counts.record().SerializeAsString(), std::nullopt, soon())).value();
  const std::size_t known = ++usage_records_;
  const auto arrived = [&] {
    std::set<std::string> seen;
    run([&] { seen = usage_replicas_; });
    return seen.size() >= known;
  };
  if (!eventually(arrived)) throw std::runtime_error("the gateway did not read what was counted");
}

std::string GatewayHarness::key_record(const std::string& id) {
  return await(key_bucket_->get(id, soon())).value().value;
}

void GatewayHarness::set_connected(bool connected) {
  run([&] { broker_.set_connected(connected); });
}

std::optional<GatewayHarness::Stored> GatewayHarness::last(std::string_view stream, std::string subject) {
  auto message = await(memory_store_->last(std::string(stream), std::move(subject), soon()));
  if (!message) return std::nullopt;
  return Stored{message->subject, message->payload};
}

std::uint64_t GatewayHarness::stored_messages(std::string_view stream) {
  return await(memory_store_->state(std::string(stream), soon())).value().messages;
}

std::string GatewayHarness::url(const std::string& path) const {
  return fmt::format("http://127.0.0.1:{}{}", port_, path);
}

http::Response GatewayHarness::send(http::ClientRequest request) {
  auto response = testing::run_task(client_io_, client_.send(std::move(request), Deadline::in(30s)));
  if (!response) return http::Response{.status = 0, .fields = {}, .body = response.error().message};
  return *std::move(response);
}

http::Response GatewayHarness::post_json(const std::string& path, const std::string& body,
                                         http::Fields fields) {
  if (fields.get("Content-Type").empty()) fields.set("Content-Type", "application/json");
  return send({.method = "POST", .url = url(path), .fields = std::move(fields), .body = body});
}

double GatewayHarness::metric(std::string_view series) {
  std::istringstream lines(metrics_.expose());
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(series) && line.size() > series.size() && line[series.size()] == ' ') {
      return std::stod(line.substr(series.size() + 1));
    }
  }
  return 0;
}

std::string GatewayHarness::log() {
  std::string copy;
  run([&] { copy = log_; });
  return copy;
}

bool GatewayHarness::metric_becomes(std::string_view series, double value) {
  return eventually([&] { return metric(series) == value; });
}

bool eventually(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + 20s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(5ms);
  }
  return true;
}

nlohmann::json json_of(const http::Response& response) {
  return nlohmann::json::parse(response.body, nullptr, false);
}

}  // namespace kefu::gateway
