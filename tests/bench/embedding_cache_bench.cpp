#include "cached_value.hpp"
#include "doubles.hpp"
#include "embedding_flow.hpp"

#include <benchmark/benchmark.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <exception>
#include <string>
#include <vector>

/// What a text costs whose vector is known. The model is a double: it is asked once.
namespace kefu::embedding {
namespace {

constexpr std::size_t kDimensions = 384;
constexpr int kAtOnce = 256;  // calls for which the event loop is entered once

class Flow {
 public:
  explicit Flow(VectorCacheOptions options) : cache_(store_, embedder_.info, std::move(options), counters_) {
    flow_.emplace(io_.get_executor(), embedder_, cache_, QueueLimits{}, counters_, tasks_);
  }
  ~Flow() {
    flow_->stop();
    run(tasks_.join());
  }
  void embed(const std::vector<std::string>& texts, int times) { run(repeat(*flow_, texts, times)); }

 private:
  static void rethrow(const std::exception_ptr& exception) {
    if (exception) std::rethrow_exception(exception);
  }
  static Task<void> repeat(EmbeddingFlow& flow, const std::vector<std::string>& texts, int times) {
    for (int i = 0; i < times; ++i) {
      const auto embedded =
          co_await flow.embed(texts, Role::query, Lane::question, Deadline::in(std::chrono::seconds(30)));
      if (!embedded) throw std::runtime_error(embedded.error().message);
      benchmark::DoNotOptimize(embedded->vectors.front()->vector.front());
    }
  }
  void run(Task<void> task) {
    bool done = false;
    asio::co_spawn(io_, std::move(task), [&done](const std::exception_ptr& exception) {
      rethrow(exception);
      done = true;
    });
    io_.restart();
    while (!done) io_.run_one();
  }

  asio::io_context io_;
  telemetry::Metrics metrics_;
  EmbeddingMetrics counters_{metrics_};
  testing::FakeEmbedder embedder_ = [this] {
    testing::FakeEmbedder made(io_.get_executor());
    made.info.dimensions = kDimensions;
    made.info.max_tokens = 512;
    return made;
  }();
  testing::FakeCache store_;
  VectorCache cache_;
  TaskGroup tasks_{io_.get_executor(), rethrow};
  std::optional<EmbeddingFlow> flow_;
};

void flow_answers_from(benchmark::State& state, std::size_t memory_bytes) {
  Flow flow({.memory_bytes = memory_bytes});
  std::vector<std::string> texts;
  for (int i = 0; i < state.range(0); ++i)
    texts.push_back("第" + std::to_string(i) + "个问题：买了一周的鞋子还能退吗？");
  flow.embed(texts, 1);
  while (state.KeepRunningBatch(kAtOnce)) flow.embed(texts, kAtOnce);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
void memory(benchmark::State& state) { flow_answers_from(state, 32UL << 20); }
BENCHMARK(memory)->Name("flow/memory")->Arg(1)->Arg(64)->MeasureProcessCPUTime();
/// All of Redis but the socket and the server.
void redis_values(benchmark::State& state) { flow_answers_from(state, 0); }
BENCHMARK(redis_values)->Name("flow/values_of_redis")->Arg(1)->Arg(64)->MeasureProcessCPUTime();

TextVector some_vector() {
  Vector vector(kDimensions);
  for (std::size_t i = 0; i < kDimensions; ++i) vector[i] = static_cast<float>((i * 7919) % 101) - 50;
  return {as_kept(vector), 12};
}

void read_value(benchmark::State& state) {
  const std::string key = "kefu:emb:2:0123456789abcdef:0123456789abcdef0123456789abcdef";
  const std::string bytes = encode_cached_value(key, {some_vector(), {}});
  for (auto _ : state) benchmark::DoNotOptimize(decode_cached_value(key, bytes, kDimensions));
}
BENCHMARK(read_value);

void find_in_memory(benchmark::State& state) {
  VectorMemory memory(32UL << 20, kDimensions, std::chrono::hours(1));
  const TextKey key = TextKey::of("model", "text");
  memory.keep(key, some_vector(), Lane::question, {}, {});
  for (auto _ : state) benchmark::DoNotOptimize(memory.find(key, Lane::question, {}));
}
BENCHMARK(find_in_memory);

void name_a_text(benchmark::State& state) {
  for (auto _ : state)
    benchmark::DoNotOptimize(TextKey::of("0123456789abcdef\nquery\n", "买了一周的鞋子还能退吗?"));
}
BENCHMARK(name_a_text);

}  // namespace
}  // namespace kefu::embedding
