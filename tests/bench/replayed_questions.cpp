#include "load/embedding_replicas.hpp"
#include "quality/data.hpp"

#include <kefu/async/task_group.hpp>
#include <kefu/redis/redis_cache.hpp>
#include <kefu/redis/redis_claims.hpp>
#include <kefu/testing/run_task.hpp>
#include <kefu/testing/servers.hpp>
#include <kefu/text/normalize.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <exception>
#include <filesystem>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

/// What a stream of questions costs, of which some are asked again and again: the share of tokens that the
/// model is spared, with one replica and with several, and what it takes replicas to agree on who computes.
/// See docs/benchmarks.md.
namespace kefu::bench {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

struct Options {
  std::filesystem::path data;
  std::size_t questions = 20000;
  double exponent = 1.1;
  std::size_t clients = 64;
  std::vector<std::size_t> replicas{1, 3};
  unsigned seed = 1;
  std::size_t claims = 5000;
};

/// `count` of `texts`, of which the k-th of a random order is drawn in proportion to k^-exponent.
std::vector<std::string> draw(std::vector<std::string> texts, const Options& options) {
  std::mt19937_64 random(options.seed);
  std::ranges::shuffle(texts, random);
  std::vector<double> weights(texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i)
    weights[i] = std::pow(static_cast<double>(i + 1), -options.exponent);
  std::discrete_distribution<std::size_t> rank(weights.begin(), weights.end());
  std::vector<std::string> drawn;
  drawn.reserve(options.questions);
  for (std::size_t i = 0; i < options.questions; ++i) drawn.push_back(texts[rank(random)]);
  return drawn;
}

std::size_t distinct(const std::vector<std::string>& texts) {
  std::unordered_set<std::string> all;
  for (const std::string& each : texts) all.insert(text::normalize(each));
  return all.size();
}

std::string share(double part, double whole) {
  return fmt::format("{:.2f} %", whole > 0 ? 100 * part / whole : 0);
}

/// True where no text went through a model twice.
bool replay(const std::vector<std::string>& stream, std::size_t replicas, const Options& options) {
  asio::io_context io;
  EmbeddingReplicas system(io, replicas);
  const auto began = Clock::now();
  system.ask(stream, options.clients);
  const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
  const auto texts = [&](const char* source) {
    return system.metric(fmt::format("kefu_embedding_texts_total{{source=\"{}\"}}", source));
  };
  const double spent = system.metric("kefu_embedding_tokens_computed_total");
  const double saved = system.metric("kefu_embedding_tokens_saved_total");
  const std::size_t due = distinct(stream);
  const double computed = texts("model");
  const auto claims = [&](const char* result) {
    return system.metric(fmt::format("kefu_embedding_claims_total{{result=\"{}\"}}", result));
  };
  fmt::print("| {} | {} | {} | {} | {} | {} | {} | {}, {} | {} | {} | {} | {:.0f} |\n", replicas, due,
             computed, texts("memory"), texts("redis"), texts("joined"), texts("replica"), claims("expired"),
             claims("failed"), spent, saved, share(saved, spent + saved), seconds);
  return computed <= static_cast<double>(due);
}

double own_cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double redis_cpu_seconds(const testing::RedisServer& server) {
  std::istringstream lines(
      testing::run_command({"redis-cli", "-p", std::to_string(server.port()), "info", "cpu"}));
  double seconds = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("used_cpu_sys:") || line.starts_with("used_cpu_user:"))
      seconds += std::stod(line.substr(line.find(':') + 1));
  }
  return seconds;
}

enum class Step { look_up, claim, release };

/// One call after the other, each for `batch` keys.
Task<void> steps(redis::RedisCache& cache, redis::RedisClaims& claims, Step step, std::size_t calls,
                 std::size_t batch) {
  for (std::size_t i = 0; i < calls; ++i) {
    std::vector<std::string> keys;
    for (std::size_t k = 0; k < batch; ++k)
      keys.push_back(fmt::format("kefu:emb:2:0123456789abcdef:{:032x}", i * batch + k));
    bool good = false;
    if (step == Step::look_up) {
      good = (co_await cache.get_many(std::move(keys), Deadline::in(5s))).has_value();
    } else if (step == Step::claim) {
      std::vector<redis::Claims::Wanted> wanted;
      for (std::string& key : keys) wanted.push_back({std::move(key), true});
      good = (co_await claims.take(std::move(wanted), "bench", 60s, Deadline::in(5s))).has_value();
    } else {
      good = (co_await claims.release(std::move(keys), "bench", Deadline::in(5s))).has_value();
    }
    if (!good) throw std::runtime_error("Redis failed");
  }
}

void measure_claims(const Options& options) {
  testing::RedisServer server;
  asio::io_context io;
  TaskGroup tasks(io.get_executor(), {});
  redis::RedisCache cache(io.get_executor(), {.port = std::to_string(server.port())});
  redis::RedisClaims claims(cache);
  tasks.spawn(cache.run());
  if (!testing::run_task(io, testing::eventually([&] { return cache.available(); })))
    throw std::runtime_error("no connection to Redis");
  fmt::print(
      "\n| one round trip | texts | time, µs | CPU here, µs | CPU of Redis, µs |\n|---|---|---|---|---|\n");
  for (const std::size_t batch : {std::size_t{1}, std::size_t{64}}) {
    const std::size_t calls = std::max<std::size_t>(1, options.claims / batch);
    for (const auto& [step, name] :
         {std::pair(Step::look_up, "look up (MGET)"), std::pair(Step::claim, "claim"),
          std::pair(Step::release, "give back")}) {
      const double cpu = own_cpu_seconds();
      const double redis_cpu = redis_cpu_seconds(server);
      const auto began = Clock::now();
      testing::run_task(io, steps(cache, claims, step, calls, batch));
      const double time = std::chrono::duration<double>(Clock::now() - began).count();
      const double own = own_cpu_seconds() - cpu;
      const double redis = redis_cpu_seconds(server) - redis_cpu;
      const double each = 1e6 / static_cast<double>(calls);
      fmt::print("| {} | {} | {:.0f} | {:.0f} | {:.0f} |\n", name, batch, time * each, own * each,
                 redis * each);
    }
  }
  cache.stop();
  testing::run_task(io, tasks.join());
}

int run(const Options& options) {
  measure_claims(options);
  if (options.data.empty()) {
    fmt::print("\nno --data: no questions to replay\n");
    return 0;
  }
  auto utterances = read_banking_utterances(options.data / "banking77");
  if (!utterances) throw std::runtime_error(utterances.error().message);
  const std::vector<std::string> stream = draw(*std::move(utterances), options);
  fmt::print("\n{} questions, s = {}, {} clients\n", stream.size(), options.exponent, options.clients);
  fmt::print(
      "| replicas | distinct | computed | from memory | from Redis | joined | of a replica | claims expired, "
      "failed | tokens spent | tokens saved | share saved | seconds |\n"
      "|---|---|---|---|---|---|---|---|---|---|---|---|\n");
  bool good = true;
  for (const std::size_t replicas : options.replicas) good = replay(stream, replicas, options) && good;
  if (!good) fmt::print("a text was computed more than once\n");
  return good ? 0 : 1;
}

}  // namespace
}  // namespace kefu::bench

int main(int argc, char** argv) {
  kefu::bench::Options options;
  CLI::App app(
      "What a stream of questions costs that repeats itself; exit status 1 where a text was paid for twice.");
  app.add_option("--data", options.data, "folder with banking77/{train,test}.csv");
  app.add_option("--questions", options.questions, "drawn from its utterances")->capture_default_str();
  app.add_option("--exponent", options.exponent, "of the Zipf law")->capture_default_str();
  app.add_option("--clients", options.clients, "that ask at once")->capture_default_str();
  app.add_option("--replicas", options.replicas, "of each run")->capture_default_str();
  app.add_option("--seed", options.seed, "of the draw")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    return kefu::bench::run(options);
  } catch (const std::exception& exception) {
    fmt::print(stderr, "{}\n", exception.what());
    return 2;
  }
}
