#include "measure/load.hpp"

#include "display_text.hpp"

#include <kefu/async/task_group.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include <exception>
#include <utility>

namespace kefu::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto kTimeout = 60s;
/// Requests without an answer yet: beyond that the server is stalled, and memory is not to grow with it.
constexpr std::size_t kMaxInFlight = 1024;
constexpr auto kRedraw = 100ms;

void rethrow(std::exception_ptr exception) { std::rethrow_exception(std::move(exception)); }

}  // namespace

std::size_t LoadResult::failed() const {
  std::size_t sum = 0;
  for (const auto& [what, count] : errors) sum += count;
  return sum;
}

double LoadResult::throughput() const {
  return elapsed.count() <= 0 ? 0 : static_cast<double>(latencies.count()) / elapsed.count();
}

Load::Load(ApiClient& api, std::string path, std::vector<std::string> bodies, Console& console,
           const Interrupt& interrupt)
    : api_(api),
      path_(std::move(path)),
      bodies_(std::move(bodies)),
      console_(console),
      interrupt_(interrupt) {}

Task<LoadResult> Load::in_turn(std::size_t connections, std::chrono::milliseconds duration) {
  begin(duration);
  TaskGroup group(co_await asio::this_coro::executor, rethrow);
  for (std::size_t i = 0; i < connections; ++i) group.spawn(connection(began_ + duration));
  co_await group.join();
  finish();
  co_return std::move(result_);
}

Task<LoadResult> Load::at_rate(double per_second, std::chrono::milliseconds duration) {
  begin(duration);
  const auto executor = co_await asio::this_coro::executor;
  TaskGroup group(executor, rethrow);
  asio::steady_timer timer(executor);
  const auto due_at = [&](std::size_t i) {
    return began_ + std::chrono::duration_cast<Clock::duration>(
                        std::chrono::duration<double>(static_cast<double>(i) / per_second));
  };
  for (std::size_t i = 0; due_at(i) < began_ + duration && !interrupt_.requested; ++i) {
    timer.expires_at(due_at(i));
    co_await timer.async_wait(kAsTuple);
    if (group.running() < kMaxInFlight) {
      group.spawn(request(due_at(i)));
    } else {
      ++result_.dropped;
    }
  }
  co_await group.join();
  finish();
  co_return std::move(result_);
}

Task<void> Load::connection(Clock::time_point end) {
  while (Clock::now() < end && !interrupt_.requested) co_await request(Clock::now());
}

Task<void> Load::request(Clock::time_point due) {
  const std::string& body = bodies_[result_.sent++ % bodies_.size()];
  const auto response = co_await api_.exchange("POST", path_, body, kTimeout);
  const auto now = Clock::now();
  if (!response) {
    ++result_.errors[fmt::format("no answer: {}", traits(response.error().code).wire_code)];
  } else if (response->status == 200) {
    result_.latencies.add(now - due);
  } else {
    ++result_.errors[fmt::format("{} {}", response->status, wire_code_of(response->body))];
  }
  if (now - shown_ >= kRedraw) show();
}

void Load::begin(std::chrono::milliseconds duration) {
  result_ = {};
  duration_ = duration;
  began_ = Clock::now();
  show();
}

void Load::finish() {
  result_.elapsed = Clock::now() - began_;
  console_.clear_progress();
}

void Load::show() {
  shown_ = Clock::now();
  const std::chrono::duration<double> elapsed = shown_ - began_;
  console_.progress(
      "bench", elapsed / std::chrono::duration<double>(duration_),
      fmt::format("{} answered, {} errors", grouped(result_.latencies.count()), grouped(result_.failed())));
}

}  // namespace kefu::cli
