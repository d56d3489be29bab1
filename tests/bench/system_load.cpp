#include "load/asking.hpp"
#include "load/exit_status.hpp"
#include "load/loaded_system.hpp"
#include "load/memory.hpp"
#include "load/python_flow.hpp"
#include "quality/local_embedding.hpp"

#include <kefu/redis/redis_cache.hpp>
#include <kefu/testing/run_task.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstddef>
#include <cstring>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// How long a question takes, how many are answered in a second, how fast a file is imported and what memory
/// all of it takes: nats-server, redis-server and the five services as processes of this machine, beside the
/// model alone and beside the same flow in Python. See docs/benchmarks.md.
namespace kefu::bench {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kRounds = 5;

struct Options {
  std::size_t seconds = 10;
  std::size_t connections = 8;
  std::size_t rate = 1000;
  std::size_t rows = 10000;
  std::vector<std::string> pythons;  ///< NAME=INTERPRETER
};

double seconds_of(Clock::duration time) { return std::chrono::duration<double>(time).count(); }

/// A question that nobody has asked before, of about the length of those in the base.
std::string new_question() {
  static std::size_t asked = 0;
  return fmt::format("订单{}的扫地机器人能退吗?", 10000 + asked++);
}

/// The model alone, in this process: the times of its calls, and how fast it goes through texts.
class ModelAlone {
 public:
  explicit ModelAlone(embedding::Embedder& embedder) : embedder_(embedder) {}

  Task<void> questions(Measurement& measurement, Clock::duration time) {
    const auto start = Clock::now();
    while (Clock::now() < start + time) {
      const auto began = Clock::now();
      co_await embed(new_question(), Role::query);
      measurement.add(Clock::now() - began);
    }
    measurement.add_elapsed(Clock::now() - start);
  }

  /// As many texts at once as the model gains from.
  Task<void> passages(const std::vector<MadeUpRow>& rows) {
    TaskGroup group(co_await asio::this_coro::executor,
                    [](std::exception_ptr exception) { std::rethrow_exception(exception); });
    next_ = 0;
    for (std::size_t i = 0; i < embedder_.model().calls_at_once; ++i) group.spawn(worker(rows));
    co_await group.join();
  }

 private:
  Task<void> worker(const std::vector<MadeUpRow>& rows) {
    while (next_ < rows.size()) co_await embed(rows[next_++].question, Role::passage);
  }
  Task<void> embed(std::string text, Role role) {
    std::vector<embedding::ModelInput> inputs{embedder_.prepare(text, role)};
    const auto vectors = co_await embedder_.embed(std::move(inputs), Deadline::in(60s));
    if (!vectors.front()) throw std::runtime_error(vectors.front().error().message);
  }

  embedding::Embedder& embedder_;
  std::size_t next_ = 0;
};

/// The same flow as a team would write it in Python, and what is measured of it.
class PythonPeer {
 public:
  PythonPeer(std::string name, const PythonFlow::Options& options, std::function<std::string()> question,
             std::size_t connections)
      : name_(std::move(name)),
        flow_(options),
        asking_(flow_.url() + "/v1/ask", LoadedSystem::kKnowledgeBase, std::move(question)),
        connections_(connections),
        one_(name_ + ": the same question, 1 connection"),
        many_(fmt::format("{}: the same question, {} connections", name_, connections)) {}

  Task<void> warm_up(Measurement& ignored, Clock::duration time) { return asking_.in_turn(1, ignored, time); }
  Task<void> ask_with_one(Clock::duration time) { return asking_.in_turn(1, one_, time); }
  Task<void> ask_with_many(Clock::duration time) { return asking_.in_turn(connections_, many_, time); }

  const std::string& name() const { return name_; }
  const Measurement& one() const { return one_; }
  const Measurement& many() const { return many_; }
  double resident_mb() const { return memory_of(flow_.pid()).resident_mb; }

 private:
  std::string name_;
  PythonFlow flow_;
  Asking asking_;
  std::size_t connections_;
  Measurement one_, many_;
};

class Bench {
 public:
  explicit Bench(Options options)
      : options_(std::move(options)),
        log_("system_load", telemetry::Level::warning),
        embedder_(load_model()),
        alone_(*embedder_),
        loaded_(options_.rows) {}

  void measure() {
    measure_import();
    fmt::print("\nMemory after the import of {} passages:\n", options_.rows);
    loaded_.print_memory();
    for (const std::string& named : options_.pythons) add_python(named);
    measure_questions();
    fmt::print("\nMemory after the questions:\n");
    loaded_.print_memory();
    for (const auto& peer : peers_)
      fmt::print("  {:<12} {:>6.0f} MB resident\n", peer->name(), peer->resident_mb());
    measure_starts();
    if (failed_ > 0) throw std::runtime_error(fmt::format("{} questions failed", failed_));
  }

 private:
  std::unique_ptr<embedding::Embedder> load_model() {
    auto embedder = embedding::LlamaEmbedder::load({.model_path = KEFU_BENCH_MODEL}, log_);
    if (!embedder) throw std::runtime_error(embedder.error().message);
    return std::move(*embedder);
  }

  /// The model alone before and after: half the difference between machines' moods.
  void measure_import() {
    const auto model_time = [this] {
      const auto began = Clock::now();
      run(alone_.passages(loaded_.rows()));
      return seconds_of(Clock::now() - began);
    };
    const double before = model_time();
    const double whole = seconds_of(loaded_.import_rows());
    const double alone = (before + model_time()) / 2;
    fmt::print(
        "Import of {} FAQ rows: {:.1f} s; the model alone takes {:.1f} s for the same texts: {:.1f} % of its "
        "speed\n",
        options_.rows, whole, alone, 100 * alone / whole);
  }

  void add_python(const std::string& named) {
    const auto equals = named.find('=');
    if (equals == std::string::npos) throw std::runtime_error("--python takes NAME=INTERPRETER");
    prepare_vectors();
    peers_.push_back(std::make_unique<PythonPeer>(
        named.substr(0, equals),
        PythonFlow::Options{.python = named.substr(equals + 1),
                            .redis_url = loaded_.system().redis().url(),
                            .rows = loaded_.rows(),
                            .vectors = vectors_},
        [this] { return repeated_question(); }, options_.connections));
  }

  /// What the flow in Python starts from: the vectors of all rows, and in Redis that of the question.
  void prepare_vectors() {
    if (!vectors_.empty()) return;
    std::vector<std::string> texts;
    for (const MadeUpRow& row : loaded_.rows()) texts.push_back(row.question);
    vectors_ = loaded_.vectors_of(texts, "passage");
    const std::vector<float> question = loaded_.vectors_of({repeated_question()}, "query");
    std::string bytes(question.size() * sizeof(float), '\0');
    std::memcpy(bytes.data(), question.data(), bytes.size());
    run(put(PythonFlow::cache_key(repeated_question()), std::move(bytes)));
  }

  Task<void> put(std::string key, std::string value) {
    const auto executor = co_await asio::this_coro::executor;
    auto options = redis::parse_redis_url(loaded_.system().redis().url());
    if (!options) throw std::runtime_error(options.error().message);
    redis::RedisCache cache(executor, *std::move(options));
    TaskGroup group(executor, [](std::exception_ptr exception) { std::rethrow_exception(exception); });
    group.spawn(cache.run());
    const bool stored = co_await testing::eventually([&] { return cache.available(); }) &&
                        (co_await cache.put_many({{std::move(key), std::move(value)}}, 1h, Deadline::in(5s)));
    cache.stop();
    co_await group.join();
    if (!stored) throw std::runtime_error("Redis did not take the question's vector");
  }

  /// However long it takes: some measurements last minutes.
  void run(Task<void> task) {
    std::exception_ptr failure;
    asio::co_spawn(io_, std::move(task), [&](std::exception_ptr exception) { failure = exception; });
    io_.restart();
    io_.run();
    if (failure) std::rethrow_exception(failure);
  }

  std::string repeated_question() const { return loaded_.rows()[options_.rows / 2].question; }

  void measure_questions() {
    const auto same = [this] { return repeated_question(); };
    Asking repeated(loaded_.ask_url(), LoadedSystem::kKnowledgeBase, same);
    Asking fresh(loaded_.ask_url(), LoadedSystem::kKnowledgeBase, new_question);

    Measurement ignored("before anything is warm"), alone("the model alone, one text at a time");
    Measurement fresh_one("a new question each time, 1 connection");
    Measurement fresh_many(fmt::format("a new question each time, {} connections", options_.connections));
    Measurement one("the same question, 1 connection");
    Measurement many(fmt::format("the same question, {} connections", options_.connections));
    Measurement rate(fmt::format("the same question, {} a second", options_.rate));

    // In turns, so that what else this machine does meanwhile is spread over all of them.
    const Clock::duration slice = std::chrono::seconds(options_.seconds) / kRounds;
    run(repeated.in_turn(1, ignored, slice));
    run(alone_.questions(ignored, slice));
    for (const auto& peer : peers_) run(peer->warm_up(ignored, slice));
    for (std::size_t round = 0; round < kRounds; ++round) {
      run(alone_.questions(alone, slice));
      run(fresh.in_turn(1, fresh_one, slice));
      run(fresh.in_turn(options_.connections, fresh_many, slice));
      run(repeated.in_turn(1, one, slice));
      for (const auto& peer : peers_) run(peer->ask_with_one(slice));
      run(repeated.in_turn(options_.connections, many, slice));
      for (const auto& peer : peers_) run(peer->ask_with_many(slice));
      run(repeated.at_rate(options_.rate, rate, slice));
    }

    fmt::print("\n");
    Measurement::print_head();
    std::vector<const Measurement*> lines{&alone, &fresh_one, &fresh_many, &one, &many, &rate};
    for (const auto& peer : peers_) lines.insert(lines.end(), {&peer->one(), &peer->many()});
    for (const Measurement* line : lines) {
      line->print();
      failed_ += line->failed();
    }
    fmt::print("A new question takes {:.2f} times what the model alone takes (p50, 1 connection)\n",
               fresh_one.percentile(0.5) / alone.percentile(0.5));
    for (const auto& peer : peers_) {
      fmt::print("Kefu answers {:.2f} times as many a second as {} with {} connections\n",
                 many.per_second() / peer->many().per_second(), peer->name(), options_.connections);
    }
  }

  void measure_starts() {
    fmt::print("\nReady again after a restart:\n");
    for (const std::string& service : testing::System::service_names()) {
      fmt::print("  {:<12} {:>6.2f} s\n", service, seconds_of(loaded_.restart(service)));
    }
  }

  Options options_;
  asio::io_context io_;
  telemetry::Logger log_;
  std::unique_ptr<embedding::Embedder> embedder_;
  ModelAlone alone_;
  LoadedSystem loaded_;
  std::vector<float> vectors_;
  std::vector<std::unique_ptr<PythonPeer>> peers_;
  std::size_t failed_ = 0;
};

}  // namespace
}  // namespace kefu::bench

int main(int argc, char** argv) {
  kefu::bench::Options options;
  CLI::App app("Asks a system of its own, on this machine, as fast as it answers.");
  app.add_option("--seconds", options.seconds, "of each measurement")->check(CLI::Range(1, 100));
  app.add_option("--connections", options.connections, "of the measurements with many")
      ->check(CLI::Range(1, 64));
  app.add_option("--rate", options.rate, "questions a second of the measurement at a fixed rate")
      ->check(CLI::Range(1, 100000));
  app.add_option("--rows", options.rows, "FAQ rows in the knowledge base")->check(CLI::Range(100, 1000000));
  app.add_option(
      "--python", options.pythons,
      "NAME=INTERPRETER, with the packages of tests/bench/python_flow: measures that flow, too; can be "
      "given several times");
  CLI11_PARSE(app, argc, argv);
  return kefu::bench::exit_status_of([&] { kefu::bench::Bench(options).measure(); });
}
