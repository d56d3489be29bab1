#include "load/asking.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>

#include <exception>
#include <utility>

namespace kefu::bench {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 10s;
constexpr std::size_t kKeptConnections = 64;  // as many as --connections takes

void rethrow(std::exception_ptr exception) { std::rethrow_exception(std::move(exception)); }

}  // namespace

Task<void> Asking::in_turn(std::size_t connections, Measurement& measurement, Clock::duration time) {
  const auto executor = co_await asio::this_coro::executor;
  http::Client client(executor, {.max_idle_connections = kKeptConnections});
  TaskGroup group(executor, rethrow);
  const auto began = Clock::now();
  for (std::size_t i = 0; i < connections; ++i) group.spawn(connection(client, measurement, began + time));
  co_await group.join();
  measurement.add_elapsed(Clock::now() - began);
}

Task<void> Asking::at_rate(std::size_t per_second, Measurement& measurement, Clock::duration time) {
  const auto executor = co_await asio::this_coro::executor;
  http::Client client(executor, {.max_idle_connections = kKeptConnections});
  TaskGroup group(executor, rethrow);
  asio::steady_timer timer(executor);
  const auto began = Clock::now();
  const auto interval = std::chrono::duration_cast<Clock::duration>(1s) / per_second;
  for (auto due = began; due < began + time; due += interval) {
    timer.expires_at(due);
    co_await timer.async_wait(asio::use_awaitable);
    group.spawn(ask(client, measurement, due));
  }
  co_await group.join();
  measurement.add_elapsed(Clock::now() - began);
}

Task<void> Asking::connection(http::Client& client, Measurement& measurement, Clock::time_point end) {
  while (Clock::now() < end) co_await ask(client, measurement, Clock::now());
}

Task<void> Asking::ask(http::Client& client, Measurement& measurement, Clock::time_point due) {
  http::ClientRequest request{.method = "POST", .url = url_, .fields = {}, .body = {}};
  request.fields.set("Content-Type", "application/json");
  request.body = nlohmann::json{{"kb", kb_}, {"question", question_()}}.dump();
  const auto response = co_await client.send(std::move(request), Deadline::in(kPatience));
  if (response && response->status == 200) {
    measurement.add(Clock::now() - due);
  } else {
    measurement.add_failure();
  }
}

}  // namespace kefu::bench
