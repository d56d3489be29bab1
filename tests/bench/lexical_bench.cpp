#include "lexical_search.hpp"

#include <kefu/base/ids.hpp>
#include <kefu/text/segment.hpp>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace kefu::index;

constexpr std::size_t kWordsOfPassage = 75;
constexpr std::size_t kWordsOfQuestion = 6;
constexpr std::size_t kPassagesOfDocument = 100;
constexpr std::size_t kBest = 40;  // what a search for five hits asks for

/// Chinese words of two characters, the n-th about 1/n times as often as the first, as in a language.
class Language {
 public:
  std::string word() {
    const double rank = std::pow(kWords, std::uniform_real_distribution(0.0, 1.0)(random_));
    std::mt19937 spelling(static_cast<std::uint32_t>(rank));
    std::string word;
    for (int i = 0; i < 2; ++i) {
      const std::uint32_t c = 0x4E00 + spelling() % 3000;
      word += {static_cast<char>(0xE0 | (c >> 12)), static_cast<char>(0x80 | ((c >> 6) & 0x3F)),
               static_cast<char>(0x80 | (c & 0x3F))};
    }
    return word;
  }
  std::string words(std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) text += word();
    return text;
  }

 private:
  static constexpr double kWords = 30000;
  std::mt19937 random_{1};
};

struct Base {
  Collection collection;
  std::vector<std::string> questions;

  explicit Base(std::size_t passages) {
    Language language;
    std::vector<DocumentUpdate> updates;
    for (std::size_t i = 0; i < passages; ++i) {
      if (i % kPassagesOfDocument == 0) {
        DocumentUpdate& update = updates.emplace_back();
        update.key = {"kb", 1, "d" + std::to_string(i)};
        update.groups.push_back({"m", {}});
      }
      IndexedPassage passage;
      passage.passage.set_ordinal(static_cast<std::uint32_t>(i % kPassagesOfDocument));
      passage.passage.set_text(language.words(kWordsOfPassage));
      // Some question's words stand together in a passage, the others are of the language.
      if (i % (passages / 50) == 0)
        questions.push_back(passage.passage.text().substr(30, 24) + language.words(kWordsOfQuestion - 4));
      updates.back().groups.front().passages.push_back(std::move(passage));
    }
    collection.apply(std::move(updates));
  }
};

const Base& base_of(std::size_t passages) {
  static const Base ten_thousand(10'000);
  static const Base hundred_thousand(100'000);
  return passages == 10'000 ? ten_thousand : hundred_thousand;
}

void words_pruned(benchmark::State& state) {
  const Base& base = base_of(static_cast<std::size_t>(state.range(0)));
  const auto snapshot = base.collection.snapshot();
  const RowFilter filter(*snapshot, {});
  std::size_t i = 0;
  for (auto _ : state) {
    const LexicalSearch search(*snapshot, filter, base.questions[i++ % base.questions.size()]);
    benchmark::DoNotOptimize(search.best(kBest));
  }
  std::size_t bytes = 0;
  for (const LiveSegment& live : snapshot->segments) bytes += live.segment->postings().bytes();
  state.counters["postings_MB"] = static_cast<double>(bytes) / 1e6;
}
BENCHMARK(words_pruned)->Arg(10'000)->Arg(100'000)->Unit(benchmark::kMicrosecond);

/// The same postings, every one of them scored.
void words_exhaustive(benchmark::State& state) {
  const Base& base = base_of(static_cast<std::size_t>(state.range(0)));
  const auto snapshot = base.collection.snapshot();
  const Bm25 bm25(static_cast<double>(snapshot->length) / static_cast<double>(snapshot->size.passages));
  std::size_t i = 0;
  for (auto _ : state) {
    TopList top(*snapshot, kBest);
    std::vector<TermKey> keys;
    for (const auto& term : kefu::text::lexical_terms(base.questions[i++ % base.questions.size()]))
      keys.push_back(term_key(term));
    for (std::uint32_t s = 0; s < snapshot->segments.size(); ++s) {
      const Segment& segment = *snapshot->segments[s].segment;
      std::vector<Points> sums(segment.rows(), 0);
      for (const TermKey key : keys) {
        const std::uint32_t term = segment.postings().find(key);
        if (term == Postings::kNoTerm) continue;
        const double rarity = Bm25::rarity(snapshot->size.passages, segment.postings().holders(term));
        for (const Postings::Block& block : segment.postings().blocks(term)) {
          for (const std::uint16_t posting : segment.postings().postings(block)) {
            const std::uint32_t row = block.window * Postings::kWindowRows + Postings::row_of(posting);
            sums[row] += bm25.gain(rarity, Postings::frequency_of(posting), segment.postings().length(row));
          }
        }
      }
      for (std::uint32_t row = 0; row < sums.size(); ++row)
        if (sums[row] != 0 && top.may_enter(score_of(sums[row]))) top.offer({s, row, score_of(sums[row])});
    }
    benchmark::DoNotOptimize(top.take_best_first());
  }
}
BENCHMARK(words_exhaustive)->Arg(10'000)->Arg(100'000)->Unit(benchmark::kMicrosecond);

}  // namespace
