#include "load/cached_service.hpp"

#include <kefu/async/task_group.hpp>
#include <kefu/proto/subjects.hpp>
#include <kefu/testing/poll.hpp>
#include <kefu/testing/run_task.hpp>
#include <kefu/vector/codec.hpp>

#include <exception>
#include <stdexcept>
#include <utility>

namespace kefu::bench {
namespace {

using namespace std::chrono_literals;

std::vector<std::string> command(const std::string& nats, const std::string& redis, std::uint16_t admin_port,
                                 const std::vector<std::string>& arguments) {
  std::vector<std::string> all{KEFU_EMBEDDING, "--model",      KEFU_BENCH_MODEL,
                               "--nats-url",   nats,           "--redis-url",
                               redis,          "--admin-port", std::to_string(admin_port)};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return all;
}

}  // namespace

CachedService::CachedService(asio::io_context& io, std::string name, const std::string& redis_url,
                             const std::vector<std::string>& arguments)
    : io_(io),
      name_(std::move(name)),
      process_({.command = command(nats_.url(), redis_url, admin_port_, arguments),
                .output = folder_.path() / "log"}),
      bus_(io.get_executor(), {.url = nats_.url(), .client_name = "bench"}, [](bool) {}) {
  if (!bus_.start()) throw std::runtime_error("no connection to NATS");
  wait_until_it_serves();
}

CachedService::~CachedService() { testing::run_task(io_, bus_.drain(Deadline::in(5s))); }

void CachedService::wait_until_it_serves() {
  const auto serves = [](CachedService& self) -> Task<bool> {
    const auto answer = co_await self.bus_.request({"bench", Deadline::in(1s)},
                                                   {.subject = std::string(proto::kGetModel), .payload = {}});
    co_return answer.has_value();
  };
  bool up = false;
  const auto up_or_gone = [&] {
    up = testing::run_task(io_, serves(*this));
    return up || !process_.running();
  };
  testing::eventually(io_, up_or_gone, 60s);
  if (!up) throw std::runtime_error("kefu-embedding does not serve");
}

Task<kefu::v1::EmbedResponse> CachedService::embed(const std::vector<std::string>& texts, std::size_t first,
                                                   std::size_t count, kefu::v1::VectorFormat format) {
  kefu::v1::EmbedRequest request;
  request.set_role(kefu::v1::TEXT_ROLE_QUERY);
  request.set_format(format);
  for (std::size_t i = 0; i < count; ++i) request.add_texts(texts[(first + i) % texts.size()]);
  bus::Message message{.subject = std::string(proto::kEmbed), .payload = request.SerializeAsString()};
  const auto answer = co_await bus_.request({"bench", Deadline::in(30s)}, std::move(message));
  kefu::v1::EmbedResponse response;
  if (!answer) throw std::runtime_error(answer.error().message);
  if (!response.ParseFromString(answer->payload) ||
      response.vectors().size() != count * response.dimensions() * vector::component_bytes(format))
    throw std::runtime_error("the answer cannot be read");
  co_return response;
}

Task<void> CachedService::in_turn(const std::vector<std::string>& texts, std::size_t clients,
                                  std::size_t count, kefu::v1::VectorFormat format, Measurement& measurement,
                                  Clock::duration time) {
  std::exception_ptr failure;
  TaskGroup group(co_await asio::this_coro::executor,
                  [&failure](std::exception_ptr exception) { failure = exception; });
  const auto began = Clock::now();
  for (std::size_t i = 0; i < clients; ++i) {
    group.spawn(client(
        {.texts = texts, .count = count, .format = format, .measurement = measurement, .end = began + time}));
  }
  co_await group.join();
  if (failure) std::rethrow_exception(failure);
  measurement.add_elapsed(Clock::now() - began);
}

Task<void> CachedService::client(Asked asked) {
  while (Clock::now() < asked.end) {
    const std::size_t first = std::exchange(next_, (next_ + asked.count) % asked.texts.size());
    const auto began = Clock::now();
    const auto answer = co_await embed(asked.texts, first, asked.count, asked.format);
    asked.measurement.add(Clock::now() - began);
    if (answer.usage().embedding_tokens() != 0) throw std::runtime_error("a text was not in the cache");
  }
}

}  // namespace kefu::bench
