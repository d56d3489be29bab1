#include "quality/data.hpp"
#include "quality/local_embedding.hpp"
#include "system.hpp"

#include <kefu/async/task_group.hpp>
#include <kefu/testing/run_task.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <string>
#include <utility>
#include <vector>

/// How long a question takes and how many are answered in a second: the five services, nats-server and
/// redis-server as processes of this machine, asked over HTTP. See docs/benchmarks.md.
namespace kefu::bench {
namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;
using namespace std::chrono_literals;

constexpr const char* kRepeated = "买了一周的鞋子还能退吗?";

constexpr std::size_t kRounds = 5;

struct Options {
  std::size_t seconds = 5;
  std::size_t connections = 8;
};

/// A question that nobody has asked before, of about the length of kRepeated.
std::string new_question() {
  static std::size_t asked = 0;
  return fmt::format("订单{}的鞋子还能退吗?", 10000 + asked++);
}
std::string repeated_question() { return kRepeated; }

/// One line of the result: the times of many operations, taken in several rounds.
class Measurement {
 public:
  explicit Measurement(std::string what) : what_(std::move(what)) {}

  void add(Clock::duration time) { times_.emplace_back(time); }
  void add_failure() { ++failed_; }
  void add_elapsed(Clock::duration time) { elapsed_ += time; }

  std::size_t failed() const { return failed_; }
  Milliseconds percentile(double share) const {
    if (times_.empty()) return {};
    std::vector<Milliseconds> sorted = times_;
    std::ranges::sort(sorted);
    return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
  }
  void print() const {
    fmt::print("{:<42} {:>8} {:>8.2f} {:>8.2f} {:>8.0f}{}\n", what_, times_.size(), percentile(0.5).count(),
               percentile(0.99).count(), static_cast<double>(times_.size()) / elapsed_.count(),
               failed_ == 0 ? "" : fmt::format("   and {} FAILED", failed_));
  }

 private:
  std::string what_;
  std::vector<Milliseconds> times_;
  std::size_t failed_ = 0;
  std::chrono::duration<double> elapsed_{};
};

/// Each connection sends its next question when it has the answer to the last.
class Asking {
 public:
  using Question = std::string (*)();

  Asking(std::string url, std::size_t connections, Question question)
      : url_(std::move(url)), connections_(connections), question_(question) {}

  Task<void> run(Measurement& measurement, Clock::duration time) {
    const auto executor = co_await asio::this_coro::executor;
    http::Client client(executor, {});
    TaskGroup group(executor, [](std::exception_ptr exception) { std::rethrow_exception(exception); });
    const auto began = Clock::now();
    for (std::size_t i = 0; i < connections_; ++i) group.spawn(connection(client, measurement, began + time));
    co_await group.join();
    measurement.add_elapsed(Clock::now() - began);
  }

 private:
  Task<void> connection(http::Client& client, Measurement& measurement, Clock::time_point end) {
    while (Clock::now() < end) {
      http::ClientRequest request{.method = "POST", .url = url_, .fields = {}, .body = {}};
      request.fields.set("Content-Type", "application/json");
      request.body = nlohmann::json{{"kb", "shop"}, {"question", question_()}}.dump();
      const auto began = Clock::now();
      const auto response = co_await client.send(std::move(request), Deadline::in(10s));
      if (response && response->status == 200) {
        measurement.add(Clock::now() - began);
      } else {
        measurement.add_failure();
      }
    }
  }

  std::string url_;
  std::size_t connections_;
  Question question_;
};

/// The library alone, in this process, one text after the other.
Task<void> embed_alone(embedding::Embedder& embedder, Measurement& measurement, Clock::duration time) {
  const auto start = Clock::now();
  while (Clock::now() < start + time) {
    const auto began = Clock::now();
    std::vector<embedding::ModelInput> inputs{embedder.prepare(new_question(), Role::query)};
    co_await embedder.embed(std::move(inputs));
    measurement.add(Clock::now() - began);
  }
  measurement.add_elapsed(Clock::now() - start);
}

void import_sample(testing::System& system) {
  const auto files = read_sample(KEFU_BENCH_SAMPLE);
  if (!files) throw std::runtime_error(files.error().message);
  system.json("PUT", "/v1/kbs/shop", nlohmann::json::object());
  for (const TextFile& file : *files) {
    const std::string type = file.filename.ends_with(".csv")  ? "text/csv"
                             : file.filename.ends_with(".md") ? "text/markdown"
                                                              : "text/plain";
    const auto job = system.wait_for_job(system.upload("shop", file.filename, type, file.bytes));
    if (job.at("state") != "done") throw std::runtime_error("the import failed: " + job.dump());
  }
}

void run(const Options& options) {
  asio::io_context io;
  const telemetry::Logger log("ask_load", telemetry::Level::warning);
  auto embedder = embedding::LlamaEmbedder::load({.model_path = KEFU_BENCH_MODEL}, log);
  if (!embedder) throw std::runtime_error(embedder.error().message);
  testing::System system;
  import_sample(system);

  const std::string url = system.api_url() + "/v1/ask";
  Asking repeated(url, 1, repeated_question), repeated_many(url, options.connections, repeated_question);
  Asking fresh(url, 1, new_question), fresh_many(url, options.connections, new_question);
  Measurement ignored("before anything is warm"), alone("the model alone, one text at a time");
  Measurement repeated_times("the same question, 1 connection");
  Measurement repeated_many_times(fmt::format("the same question, {} connections", options.connections));
  Measurement fresh_times("a new question each time, 1 connection");
  Measurement fresh_many_times(fmt::format("a new question each time, {} connections", options.connections));

  // In turns, so that what else this machine does meanwhile is spread over all of them.
  const Clock::duration slice = std::chrono::seconds(options.seconds) / kRounds;
  testing::run_task(io, repeated.run(ignored, slice));
  testing::run_task(io, embed_alone(**embedder, ignored, slice));
  for (std::size_t round = 0; round < kRounds; ++round) {
    testing::run_task(io, embed_alone(**embedder, alone, slice));
    testing::run_task(io, fresh.run(fresh_times, slice));
    testing::run_task(io, fresh_many.run(fresh_many_times, slice));
    testing::run_task(io, repeated.run(repeated_times, slice));
    testing::run_task(io, repeated_many.run(repeated_many_times, slice));
  }

  fmt::print("{:<42} {:>8} {:>8} {:>8} {:>8}\n", "", "answers", "p50 ms", "p99 ms", "a second");
  std::size_t failed = 0;
  for (const auto* one : {&alone, &repeated_times, &repeated_many_times, &fresh_times, &fresh_many_times}) {
    one->print();
    failed += one->failed();
  }
  fmt::print(
      "p50 with 1 connection beside the model alone: a new question {:.2f} times, a repeated one {:.2f}\n",
      fresh_times.percentile(0.5) / alone.percentile(0.5),
      repeated_times.percentile(0.5) / alone.percentile(0.5));
  if (failed > 0) throw std::runtime_error(fmt::format("{} questions failed", failed));
}

}  // namespace
}  // namespace kefu::bench

int main(int argc, char** argv) {
  kefu::bench::Options options;
  CLI::App app("Asks a system of its own, on this machine, as fast as it answers.");
  app.add_option("--seconds", options.seconds, "of each measurement")->check(CLI::Range(1, 50));
  app.add_option("--connections", options.connections, "of the measurements with many")
      ->check(CLI::Range(1, 64));
  CLI11_PARSE(app, argc, argv);
  try {
    kefu::bench::run(options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
