#include "load/cached_service.hpp"
#include "load/cpu_time.hpp"
#include "load/exit_status.hpp"
#include "load/made_up_faq.hpp"

#include <kefu/vector/codec.hpp>

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <fstream>
#include <future>
#include <list>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

/// What a text costs whose vector is known: a client on NATS, kefu-embedding, and the vectors in its memory
/// or in Redis; beside it GPTCache's exact match on the same texts in the same Redis. See docs/benchmarks.md.
namespace kefu::bench {
namespace {

constexpr std::size_t kRounds = 5;
constexpr std::size_t kManyTexts = 64;
constexpr std::size_t kManyClients = 8;
constexpr auto kPause = std::chrono::milliseconds(100);
constexpr auto kFloat32 = kefu::v1::VECTOR_FORMAT_FLOAT32;
constexpr auto kFloat16 = kefu::v1::VECTOR_FORMAT_FLOAT16;

struct Options {
  std::size_t seconds = 10;
  std::size_t texts = 2000;
  std::string gptcache;  ///< an interpreter with the packages of tests/bench/gptcache_exact
};

/// The processes that one measurement kept busy, this one included.
class CpuTime {
 public:
  explicit CpuTime(pid_t service) : service_(service) {}
  void begin() {
    began_service_ = cpu_seconds_of(service_);
    began_client_ = cpu_seconds_of(::getpid());
  }
  void end() {
    service_seconds_ += cpu_seconds_of(service_) - began_service_;
    client_seconds_ += cpu_seconds_of(::getpid()) - began_client_;
  }
  double service_seconds() const { return service_seconds_; }
  double client_seconds() const { return client_seconds_; }

 private:
  pid_t service_;
  double began_service_ = 0, began_client_ = 0;
  double service_seconds_ = 0, client_seconds_ = 0;
};

/// One service and what is measured of it.
class Subject {
 public:
  Subject(std::unique_ptr<CachedService> service, std::size_t texts)
      : service_(std::move(service)),
        texts_(texts),
        cpu_(service_->pid()),
        one_(service_->name() + ": 1 text"),
        many_(fmt::format("{}: {} texts", service_->name(), kManyTexts)),
        many_half_(fmt::format("{}: {} texts, asked for as float16", service_->name(), kManyTexts)),
        crowd_(fmt::format("{}: {} clients, 1 text each", service_->name(), kManyClients)),
        bulk_(fmt::format("{}: {} clients, {} texts each", service_->name(), kManyClients, kManyTexts)) {}
  Subject(const Subject&) = delete;  // its lines are its own members

  CachedService& service() { return *service_; }
  const std::vector<const Measurement*>& lines() const { return lines_; }

  /// Once round, so that every tier holds every text.
  Task<void> fill(const std::vector<std::string>& texts) {
    for (std::size_t round = 0; round < 2; ++round) {
      for (std::size_t first = 0; first < texts_; first += kManyTexts)
        co_await service_->embed(texts, first, std::min(kManyTexts, texts_ - first), kFloat32);
    }
  }
  Task<void> measure(const std::vector<std::string>& texts, Clock::duration slice) {
    co_await service_->in_turn(texts, 1, 1, kFloat32, one_, slice);
    co_await service_->in_turn(texts, 1, kManyTexts, kFloat32, many_, slice);
    co_await service_->in_turn(texts, 1, kManyTexts, kFloat16, many_half_, slice);
    co_await service_->in_turn(texts, kManyClients, 1, kFloat32, crowd_, slice);
    cpu_.begin();
    co_await service_->in_turn(texts, kManyClients, kManyTexts, kFloat16, bulk_, slice);
    cpu_.end();
  }
  void print_throughput(double seconds) const {
    const double texts = bulk_.per_second() * kManyTexts * seconds;
    fmt::print(
        "{}: {:.0f} texts a second; of a text, embedding takes {:.1f} us of processor time, its client "
        "{:.1f}\n",
        service_->name(), bulk_.per_second() * kManyTexts, cpu_.service_seconds() / texts * 1e6,
        cpu_.client_seconds() / texts * 1e6);
  }

 private:
  std::unique_ptr<CachedService> service_;
  std::size_t texts_;
  CpuTime cpu_;
  Measurement one_, many_, many_half_, crowd_, bulk_;
  std::vector<const Measurement*> lines_{&one_, &many_, &many_half_, &crowd_, &bulk_};
};

/// A process for each round: it holds Redis while it runs, and nothing of it is left for the others.
class GptCache {
 public:
  GptCache(std::string python, std::uint16_t redis_port)
      : python_(std::move(python)), redis_port_(std::to_string(redis_port)) {}

  void prepare(const std::vector<std::string>& texts, const std::vector<float>& vectors) {
    std::ofstream(folder_.path() / "texts.json") << nlohmann::json(texts).dump();
    std::ofstream(folder_.path() / "vectors.f32", std::ios::binary)
        .write(reinterpret_cast<const char*>(vectors.data()),
               static_cast<std::streamsize>(vectors.size() * sizeof(float)));
  }
  void measure(double seconds) {
    const auto result = nlohmann::json::parse(testing::run_command(
        {python_, KEFU_GPTCACHE_EXACT, "--redis-port", redis_port_, "--folder", folder_.path(), "--seconds",
         fmt::format("{}", seconds), "--at-once", std::to_string(kManyTexts)}));
    take(result.at("one"), one_);
    take(result.at("many"), many_);
  }
  const Measurement& one() const { return one_; }
  const Measurement& many() const { return many_; }

 private:
  static void take(const nlohmann::json& result, Measurement& measurement) {
    for (const double time : result.at("milliseconds"))
      measurement.add(std::chrono::duration_cast<Clock::duration>(Milliseconds(time)));
    measurement.add_elapsed(std::chrono::duration_cast<Clock::duration>(
        std::chrono::duration<double>(result.at("seconds").get<double>())));
  }

  std::string python_;
  std::string redis_port_;
  testing::TemporaryDirectory folder_;
  Measurement one_{"GPTCache in its process, Redis: 1 text"};
  Measurement many_{fmt::format("GPTCache in its process, Redis: {} texts", kManyTexts)};
};

class Bench {
 public:
  explicit Bench(Options options) : options_(std::move(options)) {
    for (const MadeUpRow& row : made_up_faq(options_.texts)) texts_.push_back(row.question);
    add("from Redis", {"--memory-cache", "0"});
    add("from memory", {});
    if (!options_.gptcache.empty()) {
      gptcache_ = std::make_unique<GptCache>(options_.gptcache, redis_.port());
      gptcache_->prepare(texts_, vectors_of(subjects_.front().service()));
    }
  }

  void measure() {
    const Clock::duration slice = std::chrono::seconds(options_.seconds) / kRounds;
    for (Subject& subject : subjects_) run(subject.fill(texts_));
    for (Subject& subject : subjects_) {
      if (vectors_of(subject.service()) != vectors_of(subjects_.front().service()))
        throw std::runtime_error("from where a vector comes makes a difference to it");
    }
    // In turns, so that what else this machine does meanwhile is spread over all of them.
    for (std::size_t round = 0; round < kRounds; ++round) {
      for (Subject& subject : subjects_) run(subject.measure(texts_, slice));
      if (gptcache_) measure_gptcache(slice);
    }
    Measurement::print_head();
    for (const Subject& subject : subjects_) {
      for (const Measurement* line : subject.lines()) line->print();
    }
    if (gptcache_) {
      gptcache_->one().print();
      gptcache_->many().print();
    }
    for (const Subject& subject : subjects_) subject.print_throughput(static_cast<double>(options_.seconds));
  }

 private:
  void add(const std::string& name, const std::vector<std::string>& arguments) {
    subjects_.emplace_back(std::make_unique<CachedService>(io_, name, redis_.url(), arguments),
                           texts_.size());
  }
  std::vector<float> vectors_of(CachedService& service) {
    std::vector<float> all;
    for (std::size_t first = 0; first < texts_.size(); first += kManyTexts)
      run(append_vectors(service, first, std::min(kManyTexts, texts_.size() - first), all));
    return all;
  }
  Task<void> append_vectors(CachedService& service, std::size_t first, std::size_t count,
                            std::vector<float>& all) {
    const auto answer = co_await service.embed(texts_, first, count, kFloat32);
    const auto some = vector::decode(answer.vectors(), answer.format(), count * answer.dimensions());
    all.insert(all.end(), some.value().begin(), some.value().end());
  }

  /// On a thread of its own: NATS closes the connection of who does not answer it for some seconds.
  void measure_gptcache(Clock::duration slice) {
    auto done = std::async(std::launch::async, [this, slice] {
      gptcache_->measure(std::chrono::duration<double>(slice).count());
    });
    const auto work = asio::make_work_guard(io_);
    io_.restart();
    while (done.wait_for(Clock::duration::zero()) != std::future_status::ready) io_.run_for(kPause);
    done.get();
  }

  void run(Task<void> task) {
    std::exception_ptr failure;
    bool done = false;
    asio::co_spawn(io_, std::move(task), [&](std::exception_ptr exception) {
      failure = exception;
      done = true;
    });
    io_.restart();
    while (!done) io_.run_one();
    if (failure) std::rethrow_exception(failure);
  }

  Options options_;
  asio::io_context io_;
  testing::RedisServer redis_;
  std::vector<std::string> texts_;
  std::list<Subject> subjects_;
  std::unique_ptr<GptCache> gptcache_;
};

}  // namespace
}  // namespace kefu::bench

int main(int argc, char** argv) {
  kefu::bench::Options options;
  CLI::App app("Asks a kefu-embedding of its own, over NATS, for texts whose vectors are cached.");
  app.add_option("--seconds", options.seconds, "of each measurement")->check(CLI::Range(1, 100));
  app.add_option("--texts", options.texts, "different ones")->check(CLI::Range(64, 100000));
  app.add_option("--gptcache", options.gptcache,
                 "a Python interpreter with the packages of tests/bench/gptcache_exact: measures that, too");
  CLI11_PARSE(app, argc, argv);
  return kefu::bench::exit_status_of([&] { kefu::bench::Bench(options).measure(); });
}
