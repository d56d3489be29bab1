#include "measure/ranking.hpp"
#include "quality/data.hpp"
#include "quality/knowledge_base.hpp"
#include "quality/local_embedding.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

/// How well searches find the right document, beside words alone and vectors alone. See docs/benchmarks.md.
namespace kefu::bench {
namespace {

struct Options {
  std::string model = KEFU_BENCH_MODEL;
  std::string data;
  std::string vectors;
  ingest::SplitSettings split;
  bool all_weights = false;
};

struct Weighted {
  std::string name;
  index::FusionWeights weights;
};

/// Passages asked for, as `kefu eval` does.
constexpr std::size_t kHits = 10;
/// Passages that a decision looks at: answer's `--top-k`.
constexpr std::size_t kAnswerHits = 8;

struct Quality {
  cli::RankingQuality ranking;
  std::size_t answerable = 0;  ///< an expected document has a passage among the first kAnswerHits
};

void add(const kefu::v1::SearchResponse& found, const std::vector<std::string>& expected, Quality& quality) {
  std::vector<std::string> ranked;
  bool answerable = false;
  for (std::size_t i = 0; const kefu::v1::Hit& hit : found.hits()) {
    const std::string& document = hit.passage().document_id();
    answerable = answerable || (i++ < kAnswerHits && std::ranges::find(expected, document) != expected.end());
    if (std::ranges::find(ranked, document) == ranked.end()) ranked.push_back(document);
  }
  quality.answerable += answerable ? 1 : 0;
  quality.ranking.add(ranked, expected);
}

std::vector<Weighted> weights_of(const Options& options) {
  std::vector<Weighted> all{{"fused", {}},
                            {"words alone", {.dense = 0, .lexical = 1}},
                            {"vectors alone", {.dense = 1, .lexical = 0}}};
  if (!options.all_weights) return all;
  for (const double lexical : {0.1, 0.3, 0.5, 1.0, 1.5, 3.0})
    all.push_back({fmt::format("1 : {}", lexical), {.dense = 1, .lexical = lexical}});
  return all;
}

Task<Result<Quality>> measure_one(LocalEmbedding& embedding, const std::vector<IndexedDocument>& documents,
                                  const std::vector<SampleQuestion>& questions,
                                  const std::vector<Vector>& vectors, index::FusionWeights weights) {
  KnowledgeBase base(embedding.fingerprint(), weights);
  KEFU_CO_CHECK(co_await base.put_all(documents));
  Quality quality;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    KEFU_CO_TRY(const auto found, co_await base.search(questions[i].question, vectors[i], kHits));
    add(found, questions[i].expected, quality);
  }
  co_return quality;
}

Task<Result<>> measure(LocalEmbedding& embedding, Options options, std::string what,
                       std::vector<TextFile> files, std::vector<SampleQuestion> questions) {
  std::erase_if(questions, [](const SampleQuestion& question) { return question.expected.empty(); });
  KEFU_CO_TRY(const auto documents, co_await make_documents(embedding, std::move(files), options.split));
  std::vector<std::string> texts;
  for (const SampleQuestion& question : questions) texts.push_back(question.question);
  KEFU_CO_TRY(const auto vectors, co_await embedding.embed(std::move(texts), Role::query));
  std::size_t passages = 0;
  for (const IndexedDocument& document : documents) passages += document.passages.size();
  fmt::print("{}: {} questions, {} passages\n", what, questions.size(), passages);
  fmt::print("  {:<14} {:>9} {:>9} {:>8} {:>8} {:>14}\n", "", "recall@1", "recall@5", "MRR@10", "nDCG@10",
             "in first hits");
  for (const auto& [name, weights] : weights_of(options)) {
    KEFU_CO_TRY(const auto quality, co_await measure_one(embedding, documents, questions, vectors, weights));
    fmt::print("  {:<14} {:>9.4f} {:>9.4f} {:>8.4f} {:>8.4f} {:>8.4f} of {}\n", name,
               quality.ranking.recall(1), quality.ranking.recall(5), quality.ranking.mrr(),
               quality.ranking.ndcg(),
               static_cast<double>(quality.answerable) / static_cast<double>(questions.size()), kAnswerHits);
  }
  co_return Result<>{};
}

Task<Result<>> measure_all(LocalEmbedding& embedding, Options options) {
  KEFU_CO_TRY(auto sample, read_sample(KEFU_BENCH_SAMPLE));
  KEFU_CO_TRY(auto questions, read_sample_questions(KEFU_BENCH_QUESTIONS));
  KEFU_CO_CHECK(
      co_await measure(embedding, options, "sample knowledge base", std::move(sample), std::move(questions)));
  if (options.data.empty()) co_return Result<>{};

  const std::filesystem::path folder = options.data;
  for (const std::string part : {"trial", "dev"}) {
    KEFU_CO_TRY(auto cmrc, read_cmrc_rows(folder / fmt::format("cmrc2018/cmrc2018_{}.json", part)));
    KEFU_CO_CHECK(co_await measure(embedding, options, fmt::format("CMRC 2018, {}", part),
                                   std::move(cmrc.documents), std::move(cmrc.questions)));
  }
  KEFU_CO_TRY(auto banking, read_banking(folder / "banking77"));
  co_return co_await measure(embedding, options, "BANKING77, intents as FAQ", std::move(banking.documents),
                             std::move(banking.questions));
}

}  // namespace
}  // namespace kefu::bench

int main(int argc, char** argv) {
  kefu::bench::Options options;
  CLI::App app("Measures what searches find, by words, by vectors and by both.");
  app.add_option("--model", options.model, "GGUF file of the embedding model");
  app.add_option("--data", options.data, "folder with cmrc2018 and banking77");
  app.add_option("--vectors", options.vectors, "file that keeps vectors from one run to the next");
  app.add_option("--target-tokens", options.split.target_tokens, "tokens of a passage, as ingest's setting");
  app.add_option("--overlap-tokens", options.split.overlap_tokens, "as ingest's setting");
  app.add_flag("--all-weights", options.all_weights, "other weights of the two rankings too");
  CLI11_PARSE(app, argc, argv);
  return kefu::bench::run_with_model(
      options.model, options.vectors,
      [&](kefu::bench::LocalEmbedding& embedding) { return kefu::bench::measure_all(embedding, options); });
}
