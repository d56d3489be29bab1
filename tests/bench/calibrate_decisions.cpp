#include "quality/data.hpp"
#include "quality/knowledge_base.hpp"
#include "quality/local_embedding.hpp"
#include "quality/report.hpp"
#include "quality/samples.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/os.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

/// Fits the weights of answer's decisions to the default model, and says how good they are. See
/// docs/benchmarks.md.
namespace kefu::bench {
namespace {

struct Options {
  std::string model = KEFU_BENCH_MODEL;
  std::string sample = KEFU_BENCH_SAMPLE;
  std::string questions = KEFU_BENCH_QUESTIONS;
  std::string data;
  std::string vectors;
  std::string samples;
  std::string decision_weights;
};

constexpr std::size_t kOffTopicEach = 100;
constexpr std::size_t kOfEachSet = 300;

/// Every n-th, so that about `count` of them are left.
template <class T>
std::vector<T> thinned(const std::vector<T>& all, std::size_t count) {
  const std::size_t step = std::max<std::size_t>(1, all.size() / count);
  std::vector<T> some;
  for (std::size_t i = 0; i < all.size(); i += step) some.push_back(all[i]);
  return some;
}

/// Of a set with rows or documents of its own.
Task<Result<QuestionSet>> ask_rows(LocalEmbedding& embedding, std::string name, RowQuestions rows) {
  KEFU_CO_TRY(auto documents, co_await make_documents(embedding, std::move(rows.documents)));
  co_return co_await ask_with_and_without(embedding, std::move(name), std::move(documents),
                                          thinned(rows.questions, kOfEachSet));
}

/// Questions that have nothing to do with the shop.
Task<Result<QuestionSet>> ask_off_topic(LocalEmbedding& embedding, std::vector<IndexedDocument> shop,
                                        std::filesystem::path folder) {
  KEFU_CO_TRY(const auto english, read_out_of_scope(folder / "clinc150/data_full.json"));
  KEFU_CO_TRY(const auto chinese, read_cmrc_rows(folder / "cmrc2018/cmrc2018_trial.json"));
  std::vector<SampleQuestion> questions;
  for (const std::string& question : thinned(english, kOffTopicEach)) questions.push_back({question, {}});
  for (const auto& question : thinned(chinese.questions, kOffTopicEach))
    questions.push_back({question.question, {}});
  co_return co_await ask_all(embedding, "off topic", std::move(shop), std::move(questions));
}

Task<Result<>> calibrate(LocalEmbedding& embedding, Options options) {
  KEFU_CO_TRY(auto files, read_sample(options.sample));
  KEFU_CO_TRY(auto questions, read_sample_questions(options.questions));
  KEFU_CO_TRY(const auto shop, co_await make_documents(embedding, std::move(files)));
  std::vector<QuestionSet> sets;
  KEFU_CO_TRY(sets.emplace_back(), co_await ask_all(embedding, "sample", shop, std::move(questions)));
  std::vector<QuestionSet> judged_only;
  if (!options.data.empty()) {
    const std::filesystem::path data = options.data;
    KEFU_CO_TRY(auto banking, read_banking(data / "banking77"));
    KEFU_CO_TRY(sets.emplace_back(), co_await ask_rows(embedding, "BANKING77", std::move(banking)));
    KEFU_CO_TRY(auto cmrc, read_cmrc_rows(data / "cmrc2018/cmrc2018_trial.json"));
    KEFU_CO_TRY(sets.emplace_back(), co_await ask_rows(embedding, "CMRC 2018", std::move(cmrc)));
    KEFU_CO_TRY(judged_only.emplace_back(), co_await ask_off_topic(embedding, shop, data));
  }
  if (!options.samples.empty()) write_samples(options.samples, sets);

  answer::DecisionWeights present;
  KEFU_CO_CHECK(answer::override_weights(present, options.decision_weights));
  const answer::DecisionWeights fitted = report_fit(sets);
  std::ranges::move(judged_only, std::back_inserter(sets));
  report_weights("the weights fitted above", sets, fitted);
  report_weights("the weights of this build", sets, present);
  report_questions(sets.front(), present);
  co_return Result<>{};
}

}  // namespace
}  // namespace kefu::bench

int main(int argc, char** argv) {
  kefu::bench::Options options;
  CLI::App app("Fits the weights of answer's decisions.");
  app.add_option("--model", options.model, "GGUF file of the embedding model");
  app.add_option("--sample", options.sample, "folder of the sample knowledge base");
  app.add_option("--questions", options.questions, "its test questions");
  app.add_option("--data", options.data, "folder with banking77, clinc150 and cmrc2018");
  app.add_option("--vectors", options.vectors, "file that keeps vectors from one run to the next");
  app.add_option("--decision-weights", options.decision_weights,
                 "changes to the weights of this build, as answer takes them");
  app.add_option("--samples", options.samples, "file for all hits with their features, tab-separated");
  CLI11_PARSE(app, argc, argv);
  return kefu::bench::run_with_model(
      options.model, options.vectors,
      [&](kefu::bench::LocalEmbedding& embedding) { return kefu::bench::calibrate(embedding, options); });
}
