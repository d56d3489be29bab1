#include "cached_value.hpp"
#include "measure/ranking.hpp"
#include "quality/data.hpp"
#include "quality/knowledge_base.hpp"
#include "quality/local_embedding.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

/// What keeping vectors as float16 costs: the cosine of each with itself, and searches compared exactly, with
/// vectors as the model gave them and as the cache gives them back.
namespace kefu::bench {
namespace {

using embedding::as_kept;

double cosine(const Vector& a, const Vector& b) {
  const double product = std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
  const double lengths = std::inner_product(a.begin(), a.end(), a.begin(), 0.0) *
                         std::inner_product(b.begin(), b.end(), b.begin(), 0.0);
  return product / std::sqrt(lengths);
}

struct Side {
  std::vector<Vector> passages;
  std::vector<Vector> questions;
};

/// Numbers of the passages, the most similar first.
std::vector<std::size_t> nearest(const Side& side, std::size_t question, std::size_t count) {
  std::vector<float> scores;
  for (const Vector& passage : side.passages)
    scores.push_back(
        std::inner_product(passage.begin(), passage.end(), side.questions[question].begin(), 0.0F));
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto end = order.begin() + static_cast<std::ptrdiff_t>(std::min(count, order.size()));
  std::partial_sort(order.begin(), end, order.end(), [&](std::size_t a, std::size_t b) {
    return scores[a] != scores[b] ? scores[a] > scores[b] : a < b;
  });
  order.erase(end, order.end());
  return order;
}

std::vector<Vector> kept(const std::vector<Vector>& exact) {
  std::vector<Vector> all;
  for (const Vector& vector : exact) all.push_back(as_kept(vector));
  return all;
}

Task<Result<>> measure(LocalEmbedding& embedding, std::string what, std::vector<TextFile> files,
                       std::vector<SampleQuestion> questions) {
  KEFU_CO_TRY(const auto documents, co_await make_documents(embedding, std::move(files)));
  Side exact;
  std::vector<std::string> ids;
  for (const IndexedDocument& document : documents) {
    for (const index::IndexedPassage& passage : document.passages) {
      exact.passages.push_back(passage.vector);
      ids.push_back(passage.passage.document_id());
    }
  }
  std::vector<std::string> texts;
  for (const SampleQuestion& question : questions) texts.push_back(question.question);
  KEFU_CO_TRY(exact.questions, co_await embedding.embed(std::move(texts), Role::query));
  const Side cached{kept(exact.passages), kept(exact.questions)};

  double loss = 0;
  double most = 0;
  for (std::size_t i = 0; i < exact.passages.size(); ++i) {
    const double each = 1 - cosine(exact.passages[i], cached.passages[i]);
    loss += each;
    most = std::max(most, each);
  }
  constexpr std::size_t kPassages = 10;
  std::array<cli::RankingQuality, 2> quality;
  std::size_t same = 0;
  std::size_t all = 0;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const std::array found{nearest(exact, i, kPassages), nearest(cached, i, kPassages)};
    for (std::size_t side = 0; side < found.size(); ++side) {
      std::vector<std::string> ranked;
      for (const std::size_t passage : found[side]) {
        if (std::ranges::find(ranked, ids[passage]) == ranked.end()) ranked.push_back(ids[passage]);
      }
      quality[side].add(ranked, questions[i].expected);
    }
    all += found[0].size();
    same += static_cast<std::size_t>(std::ranges::count_if(found[0], [&](std::size_t passage) {
      return std::ranges::find(found[1], passage) != found[1].end();
    }));
  }
  fmt::print("{}: {} questions, {} passages\n", what, questions.size(), exact.passages.size());
  fmt::print("  1 - cosine: {:.2e} on average, {:.2e} at most\n",
             loss / static_cast<double>(exact.passages.size()), most);
  fmt::print("  recall@1 {:.4f} -> {:.4f}, recall@10 {:.4f} -> {:.4f}, the same of the first {}: {:.4f}\n",
             quality[0].recall(1), quality[1].recall(1), quality[0].recall(10), quality[1].recall(10),
             kPassages, static_cast<double>(same) / static_cast<double>(all));
  co_return Result<>{};
}

Task<Result<>> measure_all(LocalEmbedding& embedding, std::string data) {
  KEFU_CO_TRY(auto sample, read_sample(KEFU_BENCH_SAMPLE));
  KEFU_CO_TRY(auto questions, read_sample_questions(KEFU_BENCH_QUESTIONS));
  std::erase_if(questions, [](const SampleQuestion& question) { return question.expected.empty(); });
  KEFU_CO_CHECK(
      co_await measure(embedding, "sample knowledge base", std::move(sample), std::move(questions)));
  if (data.empty()) co_return Result<>{};
  const std::filesystem::path folder = data;
  KEFU_CO_TRY(auto cmrc, read_cmrc_rows(folder / "cmrc2018/cmrc2018_trial.json"));
  KEFU_CO_CHECK(
      co_await measure(embedding, "CMRC 2018, trial", std::move(cmrc.documents), std::move(cmrc.questions)));
  KEFU_CO_TRY(auto banking, read_banking(folder / "banking77"));
  co_return co_await measure(embedding, "BANKING77, intents as FAQ", std::move(banking.documents),
                             std::move(banking.questions));
}

}  // namespace
}  // namespace kefu::bench

int main(int argc, char** argv) {
  std::string model = KEFU_BENCH_MODEL;
  std::string data;
  std::string vectors;
  CLI::App app("Measures what keeping vectors as float16 costs.");
  app.add_option("--model", model, "GGUF file of the embedding model");
  app.add_option("--data", data, "folder with cmrc2018 and banking77");
  app.add_option("--vectors", vectors, "file that keeps vectors from one run to the next");
  CLI11_PARSE(app, argc, argv);
  return kefu::bench::run_with_model(model, vectors, [&](kefu::bench::LocalEmbedding& embedding) {
    return kefu::bench::measure_all(embedding, data);
  });
}
