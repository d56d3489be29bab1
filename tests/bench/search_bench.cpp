#include "dense_search.hpp"
#include "fusion.hpp"
#include "load/made_up_faq.hpp"

#include <kefu/vector/codec.hpp>

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace kefu::index;

constexpr std::size_t kRows = 10'000;
constexpr std::size_t kDimensions = 384;
constexpr std::size_t kTopK = 8;  // answer's `--top-k`
constexpr const char* kModel = "m";

/// Questions and rows are all somewhat alike, as the vectors of a real model are.
std::vector<float> vector_near(const std::vector<float>& center, std::mt19937& random) {
  std::normal_distribution<float> normal;
  std::vector<float> vector(kDimensions);
  for (std::size_t i = 0; i < kDimensions; ++i) vector[i] = 1.7F * center[i] + normal(random);
  kefu::vector::normalize_length(vector);
  return vector;
}

struct Base {
  Collection collection;
  std::vector<SearchQuery> queries;

  Base() {
    std::mt19937 random(1);
    const std::vector<float> center = [&] {
      std::normal_distribution<float> normal;
      std::vector<float> made(kDimensions);
      for (float& x : made) x = normal(random);
      return made;
    }();
    DocumentUpdate update{.key = {"kb", 1, "faq"}, .filename = "faq.csv", .groups = {{kModel, {}}}};
    std::uint32_t row = 0;
    for (const kefu::bench::MadeUpRow& made : kefu::bench::made_up_faq(kRows)) {
      IndexedPassage passage{.passage = {}, .vector = vector_near(center, random)};
      passage.passage.set_kind(kefu::v1::PASSAGE_KIND_FAQ);
      passage.passage.set_ordinal(row++);
      passage.passage.set_row(row);
      passage.passage.set_document_id(made.id);
      passage.passage.set_title(made.question);
      passage.passage.set_text(made.question);
      passage.passage.set_answer(made.answer);
      if (row % 97 == 0) {
        queries.push_back({.kb_incarnation = "kb",
                           .question = made.question,
                           .vector = vector_near(passage.vector, random),
                           .model_fingerprint = kModel,
                           .top_k = kTopK});
      }
      update.groups.front().passages.push_back(std::move(passage));
    }
    std::vector<DocumentUpdate> updates;
    updates.push_back(std::move(update));
    collection.apply(std::move(updates));
  }
};

/// What the engine does for a question to a FAQ of 10,000 rows.
void search_faq(benchmark::State& state) {
  static const Base base;
  std::size_t i = 0;
  for (auto _ : state) {
    const auto snapshot = base.collection.snapshot();
    benchmark::DoNotOptimize(search(*snapshot, base.queries[i++ % base.queries.size()], {}));
  }
}
BENCHMARK(search_faq)->Unit(benchmark::kMicrosecond);

/// The part of it that compares vectors.
void scan_faq(benchmark::State& state) {
  static const Base base;
  const auto snapshot = base.collection.snapshot();
  const RowFilter filter(*snapshot, {});
  std::size_t i = 0;
  for (auto _ : state) {
    const SearchQuery& query = base.queries[i++ % base.queries.size()];
    benchmark::DoNotOptimize(DenseSearch(*snapshot, filter, query.vector, kModel));
  }
}
BENCHMARK(scan_faq)->Unit(benchmark::kMicrosecond);

}  // namespace
