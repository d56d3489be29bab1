#include "quality/data.hpp"
#include "quality/knowledge_base.hpp"
#include "quality/local_embedding.hpp"
#include "quality/report.hpp"
#include "quality/samples.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/os.h>

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

/// Every n-th, so that about `count` of them are left.
template <class T>
std::vector<T> thinned(const std::vector<T>& all, std::size_t count) {
  const std::size_t step = std::max<std::size_t>(1, all.size() / count);
  std::vector<T> some;
  for (std::size_t i = 0; i < all.size(); i += step) some.push_back(all[i]);
  return some;
}

/// What the public data adds: questions that have nothing to do with the shop, and texts with questions.
Task<Result<>> add_public(LocalEmbedding& embedding, const std::vector<IndexedDocument>& shop,
                          std::filesystem::path folder, Samples& samples) {
  KEFU_CO_TRY(PassageQuestions cmrc, read_cmrc(folder / "cmrc2018/cmrc2018_trial.json"));
  KEFU_CO_TRY(std::vector<std::string> off_topic, read_out_of_scope(folder / "clinc150/data_full.json"));
  off_topic = thinned(off_topic, kOffTopicEach);
  std::vector<std::string> elsewhere = off_topic;
  for (const auto& question : thinned(cmrc.questions, kOffTopicEach)) elsewhere.push_back(question.question);
  KEFU_CO_CHECK(co_await add_off_topic(embedding, shop, std::move(elsewhere), {}, samples));

  KEFU_CO_TRY(auto texts, co_await make_documents(embedding, std::move(cmrc.documents)));
  KEFU_CO_CHECK(co_await add_off_topic(embedding, texts, std::move(off_topic), {}, samples));
  co_return co_await add_passages(embedding, std::move(texts), std::move(cmrc.questions), {}, samples);
}

/// The sample's test questions as answer would decide on them, without a language model.
Task<Result<std::vector<Outcome>>> ask_sample(LocalEmbedding& embedding, std::vector<IndexedDocument> shop,
                                              std::vector<SampleQuestion> questions,
                                              answer::DecisionWeights weights) {
  KnowledgeBase base(embedding.fingerprint(), {});
  KEFU_CO_CHECK(co_await base.put_all(std::move(shop)));
  std::vector<Outcome> outcomes;
  for (const auto& [question, expected] : questions) {
    std::vector<std::string> texts{question};
    KEFU_CO_TRY(auto vectors, co_await embedding.embed(std::move(texts), Role::query));
    KEFU_CO_TRY(const auto found, co_await base.search(question, std::move(vectors.front()), kPassages));
    const auto assessments = answer::assess(question, found, weights);
    const auto verdict = answer::decide(assessments, kefu::v1::ASK_MODE_AUTO, false, weights);
    outcomes.push_back({.question = question,
                        .expected = expected,
                        .decision = verdict.decision,
                        .confidence = verdict.confidence,
                        .document = verdict.best ? verdict.best->hit->passage().document_id() : ""});
  }
  co_return outcomes;
}

Task<Result<>> calibrate(LocalEmbedding& embedding, Options options) {
  KEFU_CO_TRY(auto files, read_sample(options.sample));
  KEFU_CO_TRY(const auto questions, read_sample_questions(options.questions));
  KEFU_CO_TRY(const auto shop, co_await make_documents(embedding, std::move(files)));
  Samples samples;
  KEFU_CO_CHECK(co_await add_phrasings(embedding, shop, {}, samples));
  if (!options.data.empty()) KEFU_CO_CHECK(co_await add_public(embedding, shop, options.data, samples));
  if (!options.samples.empty()) write_samples(options.samples, samples);

  answer::DecisionWeights present;
  KEFU_CO_CHECK(answer::override_weights(present, options.decision_weights));
  report_present(samples, present);
  const answer::DecisionWeights fitted = report_fit(samples);
  KEFU_CO_TRY(auto outcomes, co_await ask_sample(embedding, shop, questions, present));
  report_outcomes("the weights of this build", std::move(outcomes));
  KEFU_CO_TRY(auto refitted, co_await ask_sample(embedding, shop, questions, fitted));
  report_outcomes("the weights fitted above", std::move(refitted));
  co_return Result<>{};
}

}  // namespace
}  // namespace kefu::bench

int main(int argc, char** argv) {
  kefu::bench::Options options;
  CLI::App app("Fits the weights of answer's decisions.");
  app.add_option("--model", options.model, "GGUF file of the embedding model");
  app.add_option("--sample", options.sample, "folder of the sample knowledge base");
  app.add_option("--questions", options.questions, "its test questions, which take no part in the fit");
  app.add_option("--data", options.data, "folder with clinc150 and cmrc2018");
  app.add_option("--vectors", options.vectors, "file that keeps vectors from one run to the next");
  app.add_option("--decision-weights", options.decision_weights,
                 "changes to the weights of this build, as answer takes them");
  app.add_option("--samples", options.samples, "file for the samples, tab-separated");
  CLI11_PARSE(app, argc, argv);
  return kefu::bench::run_with_model(
      options.model, options.vectors,
      [&](kefu::bench::LocalEmbedding& embedding) { return kefu::bench::calibrate(embedding, options); });
}
