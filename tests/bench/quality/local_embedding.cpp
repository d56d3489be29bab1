#include "local_embedding.hpp"

#include "text_preparation.hpp"

#include <kefu/async/task_group.hpp>
#include <kefu/telemetry/log.hpp>
#include <kefu/text/normalize.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <utility>

namespace kefu::bench {
namespace {

constexpr auto kEmbedWithin = std::chrono::minutes(1);

void write_text(std::ostream& out, const std::string& text) {
  const auto length = static_cast<std::uint32_t>(text.size());
  out.write(reinterpret_cast<const char*>(&length), sizeof length);
  out.write(text.data(), static_cast<std::streamsize>(text.size()));
}

bool read_text(std::istream& in, std::string& text) {
  std::uint32_t length = 0;
  if (!in.read(reinterpret_cast<char*>(&length), sizeof length)) return false;
  text.resize(length);
  return bool(in.read(text.data(), static_cast<std::streamsize>(length)));
}

Result<> run_to_end(Task<Result<>> task, asio::io_context& io) {
  Result<> outcome = fail(Errc::internal, "the task did not end");
  asio::co_spawn(io, std::move(task), [&](std::exception_ptr exception, Result<> result) {
    if (exception) std::rethrow_exception(exception);
    outcome = std::move(result);
  });
  io.run();
  return outcome;
}

Result<> run(const std::string& model, const std::string& vectors,
             const std::function<Task<Result<>>(LocalEmbedding&)>& task) {
  const telemetry::Logger log("bench", telemetry::Level::warning);
  KEFU_TRY(const auto embedder, embedding::LlamaEmbedder::load({.model_path = model}, log));
  LocalEmbedding embedding(*embedder);
  if (!vectors.empty()) embedding.load(vectors);
  asio::io_context io;
  const auto outcome = run_to_end(task(embedding), io);
  if (!vectors.empty()) KEFU_CHECK(embedding.save(vectors));  // also after an error: they took the time
  return outcome;
}

}  // namespace

Task<Result<std::vector<Vector>>> LocalEmbedding::embed(std::vector<std::string> texts, Role role) {
  KEFU_CO_TRY(const std::vector<std::string> normal, embedding::normalize_texts(texts));
  Work work;
  std::vector<std::string> keys;
  for (const std::string& text : normal) {
    keys.push_back(fmt::format("{} {}", embedding::name(role), text));
    if (!vectors_.try_emplace(keys.back()).second) continue;
    work.keys.push_back(keys.back());
    work.texts.push_back(text);
  }
  TaskGroup workers(co_await asio::this_coro::executor,
                    [](std::exception_ptr exception) { std::rethrow_exception(exception); });
  for (std::size_t i = 0; i < embedder_.model().calls_at_once; ++i) workers.spawn(compute(work, role));
  co_await workers.join();
  if (work.failed > 0) co_return fail(Errc::internal, fmt::format("{} texts have no vector", work.failed));
  std::vector<Vector> vectors;
  for (const std::string& key : keys) vectors.push_back(vectors_.at(key));
  co_return vectors;
}

Task<void> LocalEmbedding::compute(Work& work, Role role) {
  while (work.next < work.texts.size()) {
    const std::size_t index = work.next++;
    std::vector<embedding::ModelInput> inputs{embedder_.prepare(work.texts[index], role)};
    auto vectors = co_await embedder_.embed(std::move(inputs), Deadline::in(kEmbedWithin));
    if (vectors.front()) {
      vectors_[work.keys[index]] = std::move(vectors.front()->vector);
    } else {
      vectors_.erase(work.keys[index]);
      ++work.failed;
    }
  }
}

Task<Result<ingest::TokenCounts>> LocalEmbedding::count(std::vector<std::string> texts) {
  ingest::TokenCounts counted;
  counted.max_tokens = static_cast<std::uint32_t>(embedder_.model().max_tokens - embedder_.tokens_added());
  for (const std::string& text : texts) {
    // As the service counts, or documents would be split elsewhere than in the product.
    const std::string normal = text::normalize(text);
    counted.counts.push_back(normal.empty() ? 0 : static_cast<std::uint32_t>(embedder_.count_tokens(normal)));
  }
  co_return counted;
}

void LocalEmbedding::load(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string text;
  if (!read_text(in, text) || text != fingerprint()) return;
  while (read_text(in, text)) {
    Vector vector(embedder_.model().dimensions);
    if (!in.read(reinterpret_cast<char*>(vector.data()),
                 static_cast<std::streamsize>(vector.size() * sizeof(float))))
      return;
    vectors_[text] = std::move(vector);
  }
}

Result<> LocalEmbedding::save(const std::filesystem::path& file) const {
  std::ofstream out(file, std::ios::binary);
  write_text(out, fingerprint());
  for (const auto& [key, vector] : vectors_) {
    write_text(out, key);
    out.write(reinterpret_cast<const char*>(vector.data()),
              static_cast<std::streamsize>(vector.size() * sizeof(float)));
  }
  if (!out.flush()) return fail(Errc::insufficient_storage, fmt::format("cannot write {}", file.string()));
  return {};
}

int run_with_model(const std::string& model, const std::string& vectors,
                   const std::function<Task<Result<>>(LocalEmbedding&)>& task) {
  const auto outcome = run(model, vectors, task);
  if (outcome) return EXIT_SUCCESS;
  fmt::print(stderr, "{}\n", outcome.error().message);
  return EXIT_FAILURE;
}

}  // namespace kefu::bench
