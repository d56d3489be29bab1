// One engine for tests/bench/engine_peers/compare.py, which tells it on standard input what to compute:
//   time COUNT TOKEN...
//       embeds the same text so often; prints the processor's seconds, and the shortest wall time of one
//   vector TOKEN...
//       prints the vector

#include "llama_embedder.hpp"

#include <kefu/testing/run_task.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <iostream>
#include <iterator>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <string>

namespace kefu::embedding {
namespace {

double processor_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

class Engine {
 public:
  explicit Engine(LlamaOptions options) {
    options.workers = 1;
    auto loaded = LlamaEmbedder::load(std::move(options), log_);
    if (!loaded) throw std::runtime_error(loaded.error().message);
    embedder_ = *std::move(loaded);
  }

  std::string answer(const std::string& line) {
    std::istringstream words(line);
    std::string order;
    words >> order;
    if (order == "time") {
      std::size_t count = 0;
      words >> count;
      return time(read(words), count);
    }
    if (order == "vector") return fmt::format("{}", fmt::join(embed(read(words)), " "));
    throw std::runtime_error("no such order: " + line);
  }

 private:
  static ModelInput::Tokens read(std::istringstream& words) {
    return {std::istream_iterator<std::int32_t>(words), std::istream_iterator<std::int32_t>()};
  }

  /// By the way that the service takes: through the event loop and a thread of the embedder.
  Vector embed(const ModelInput::Tokens& tokens) {
    std::vector<ModelInput> inputs;
    inputs.push_back({.content = tokens, .tokens = tokens.size()});
    auto results = kefu::testing::run_task(
        loop_, embedder_->embed(std::move(inputs), Deadline::in(std::chrono::minutes(1))));
    if (!results.front()) throw std::runtime_error(results.front().error().message);
    return std::move(results.front()->vector);
  }

  std::string time(const ModelInput::Tokens& tokens, std::size_t count) {
    double shortest = std::numeric_limits<double>::infinity();
    const double began = processor_seconds();
    for (std::size_t i = 0; i < count; ++i) {
      const auto one_began = std::chrono::steady_clock::now();
      embed(tokens);
      const std::chrono::duration<double> one = std::chrono::steady_clock::now() - one_began;
      shortest = std::min(shortest, one.count());
    }
    return fmt::format("{:.9f} {:.9f}", processor_seconds() - began, shortest);
  }

  asio::io_context loop_;
  telemetry::Logger log_{"engine", telemetry::Level::error, [](std::string_view) {}};
  std::unique_ptr<LlamaEmbedder> embedder_;
};

}  // namespace
}  // namespace kefu::embedding

int main(int argc, char** argv) {
  kefu::embedding::LlamaOptions options;
  bool llama = false;
  CLI::App app("Times one engine on texts that standard input gives as tokens");
  app.add_option("--model", options.model_path, "GGUF file")->required();
  app.add_flag("--llama", llama, "llama.cpp, also where Kefu's own engine would run the model");
  CLI11_PARSE(app, argc, argv);
  if (llama) options.engine = kefu::embedding::LocalEngine::llama;
  try {
    kefu::embedding::Engine engine(std::move(options));
    for (std::string line; std::getline(std::cin, line);) std::cout << engine.answer(line) << std::endl;
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
