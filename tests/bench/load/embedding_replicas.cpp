#include "load/embedding_replicas.hpp"

#include "kefu/v1/embedding.pb.h"

#include <kefu/async/task_group.hpp>
#include <kefu/http/client.hpp>
#include <kefu/proto/subjects.hpp>
#include <kefu/testing/poll.hpp>
#include <kefu/testing/run_task.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace kefu::bench {
namespace {

using namespace std::chrono_literals;

}  // namespace

EmbeddingReplicas::EmbeddingReplicas(asio::io_context& io, std::size_t replicas)
    : io_(io), bus_(io.get_executor(), {.url = nats_.url(), .client_name = "bench"}, [](bool) {}) {
  for (std::size_t i = 0; i < replicas; ++i) {
    const std::uint16_t port = testing::free_port();
    replicas_.push_back(
        {port, testing::Process({.command = {KEFU_EMBEDDING, "--model", KEFU_BENCH_MODEL, "--nats-url",
                                             nats_.url(), "--redis-url", redis_.url(), "--admin-port",
                                             std::to_string(port), "--workers", "1"},
                                 .output = folder_.path() / fmt::format("log{}", i)})});
  }
  if (!bus_.start()) throw std::runtime_error("no connection to NATS");
  for (std::size_t i = 0; i < replicas; ++i) wait_until_ready(i);
}

EmbeddingReplicas::~EmbeddingReplicas() { testing::run_task(io_, bus_.drain(Deadline::in(5s))); }

void EmbeddingReplicas::wait_until_ready(std::size_t replica) {
  bool ready = false;
  const auto ready_or_gone = [&] {
    const std::string body = testing::run_task(io_, get(replica, "/readyz"));
    ready = !body.empty() && !body.contains("degraded");
    return ready || !replicas_[replica].process.running();
  };
  testing::eventually(io_, ready_or_gone, 60s);
  if (!ready) throw std::runtime_error("kefu-embedding does not serve");
}

Task<std::string> EmbeddingReplicas::get(std::size_t replica, std::string path) {
  http::Client client(io_.get_executor(), {});
  const auto response = co_await client.send(
      {.url = fmt::format("http://127.0.0.1:{}{}", replicas_[replica].admin_port, path)}, Deadline::in(5s));
  co_return response && response->status == 200 ? response->body : std::string();
}

double EmbeddingReplicas::metric(const std::string& series) {
  double total = 0;
  for (std::size_t i = 0; i < replicas_.size(); ++i) {
    std::istringstream lines(testing::run_task(io_, get(i, "/metrics")));
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with(series)) total += std::stod(line.substr(line.rfind(' ')));
    }
  }
  return total;
}

void EmbeddingReplicas::ask(const std::vector<std::string>& texts, std::size_t clients) {
  // In pieces, since run_task() gives up after a minute.
  constexpr std::size_t kPiece = 500;
  for (std::size_t begin = 0; begin < texts.size(); begin += kPiece) {
    const std::vector<std::string> piece(
        texts.begin() + static_cast<std::ptrdiff_t>(begin),
        texts.begin() + static_cast<std::ptrdiff_t>(std::min(texts.size(), begin + kPiece)));
    std::size_t next = 0;
    std::exception_ptr failure;
    TaskGroup group(io_.get_executor(), [&](std::exception_ptr exception) { failure = exception; });
    for (std::size_t i = 0; i < clients; ++i) group.spawn(client(piece, next));
    testing::run_task(io_, group.join());
    if (failure) std::rethrow_exception(failure);
  }
}

Task<void> EmbeddingReplicas::client(const std::vector<std::string>& texts, std::size_t& next) {
  while (next < texts.size()) {
    kefu::v1::EmbedRequest request;
    request.set_role(kefu::v1::TEXT_ROLE_QUERY);
    request.add_texts(texts[next++]);
    bus::Message message{.subject = std::string(proto::kEmbed), .payload = request.SerializeAsString()};
    const auto answer = co_await bus_.request({"bench", Deadline::in(30s)}, std::move(message));
    if (!answer) throw std::runtime_error(answer.error().message);
  }
}

}  // namespace kefu::bench
