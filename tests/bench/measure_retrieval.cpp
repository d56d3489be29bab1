#include "quality/data.hpp"
#include "quality/knowledge_base.hpp"
#include "quality/local_embedding.hpp"
#include "quality/samples.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

/// How often the right document is the first hit of a search, by the weight of the ranking by words. See
/// docs/benchmarks.md.
namespace kefu::bench {
namespace {

struct Options {
  std::string model = KEFU_BENCH_MODEL;
  std::string data;
  std::string vectors;
};

struct Question {
  std::string question;
  std::string expected;  ///< id of the row or document
};

constexpr std::array kWeights{
    index::FusionWeights{.dense = 1, .lexical = 0},   index::FusionWeights{.dense = 1, .lexical = 0.1},
    index::FusionWeights{.dense = 1, .lexical = 0.2}, index::FusionWeights{.dense = 1, .lexical = 0.3},
    index::FusionWeights{.dense = 1, .lexical = 0.5}, index::FusionWeights{.dense = 1, .lexical = 0.7},
    index::FusionWeights{.dense = 1, .lexical = 1},   index::FusionWeights{.dense = 0, .lexical = 1}};

struct Recall {
  std::size_t first = 0;  ///< the expected document is the first hit
  std::size_t among = 0;  ///< or among the first kPassages
};

Task<Result<Recall>> measure_one(LocalEmbedding& embedding, const std::vector<IndexedDocument>& documents,
                                 const std::vector<Question>& questions, const std::vector<Vector>& vectors,
                                 index::FusionWeights weights) {
  KnowledgeBase base(embedding.fingerprint(), weights);
  KEFU_CO_CHECK(co_await base.put_all(documents));
  Recall recall;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    KEFU_CO_TRY(const auto found, co_await base.search(questions[i].question, vectors[i], kPassages));
    const auto hit =
        std::ranges::find(found.hits(), questions[i].expected,
                          [](const kefu::v1::Hit& candidate) { return candidate.passage().document_id(); });
    recall.first += hit == found.hits().begin() && hit != found.hits().end();
    recall.among += hit != found.hits().end();
  }
  co_return recall;
}

Task<Result<>> measure(LocalEmbedding& embedding, std::string what, std::vector<TextFile> files,
                       std::vector<Question> questions) {
  KEFU_CO_TRY(const auto documents, co_await make_documents(embedding, std::move(files)));
  std::vector<std::string> texts;
  for (const Question& question : questions) texts.push_back(question.question);
  KEFU_CO_TRY(const auto vectors, co_await embedding.embed(std::move(texts), Role::query));
  std::size_t passages = 0;
  for (const IndexedDocument& document : documents) passages += document.passages.size();
  fmt::print("{}: {} questions, {} passages\n", what, questions.size(), passages);
  fmt::print("  dense weight  lexical weight  right first  among {}\n", kPassages);
  for (const index::FusionWeights weights : kWeights) {
    KEFU_CO_TRY(const Recall recall, co_await measure_one(embedding, documents, questions, vectors, weights));
    const auto percent = [&](std::size_t count) {
      return 100.0 * static_cast<double>(count) / static_cast<double>(questions.size());
    };
    fmt::print("  {:>12}  {:>14}  {:>10.1f}%  {:>6.1f}%\n", weights.dense, weights.lexical,
               percent(recall.first), percent(recall.among));
  }
  co_return Result<>{};
}

Task<Result<>> measure_all(LocalEmbedding& embedding, Options options) {
  KEFU_CO_TRY(auto sample, read_sample(KEFU_BENCH_SAMPLE));
  KEFU_CO_TRY(auto sample_questions, read_sample_questions(KEFU_BENCH_QUESTIONS));
  std::vector<Question> questions;
  for (auto& [question, expected] : sample_questions)
    if (!expected.empty()) questions.push_back({std::move(question), std::move(expected)});
  KEFU_CO_CHECK(
      co_await measure(embedding, "sample knowledge base", std::move(sample), std::move(questions)));
  if (options.data.empty()) co_return Result<>{};

  const std::filesystem::path folder = options.data;
  KEFU_CO_TRY(auto cmrc, read_cmrc(folder / "cmrc2018/cmrc2018_dev.json"));
  questions.clear();
  for (auto& [question, filename] : cmrc.questions)
    questions.push_back({std::move(question), std::move(filename)});
  co_return co_await measure(embedding, "CMRC 2018, development set", std::move(cmrc.documents),
                             std::move(questions));
}

}  // namespace
}  // namespace kefu::bench

int main(int argc, char** argv) {
  kefu::bench::Options options;
  CLI::App app("Measures what searches find, by the weights of their two rankings.");
  app.add_option("--model", options.model, "GGUF file of the embedding model");
  app.add_option("--data", options.data, "folder with cmrc2018");
  app.add_option("--vectors", options.vectors, "file that keeps vectors from one run to the next");
  CLI11_PARSE(app, argc, argv);
  return kefu::bench::run_with_model(
      options.model, options.vectors,
      [&](kefu::bench::LocalEmbedding& embedding) { return kefu::bench::measure_all(embedding, options); });
}
