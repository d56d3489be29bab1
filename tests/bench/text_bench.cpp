#include <kefu/text/normalize.hpp>
#include <kefu/text/segment.hpp>

#include <benchmark/benchmark.h>

#include <string_view>

namespace {

// What every question goes through, and what every passage of an import does.
constexpr std::string_view kQuestion = "买了一周的鞋子还能退吗?";
constexpr std::string_view kPassage =
    "质量问题、发错货或运输破损:来回运费都由我们承担。7 天无理由退货:寄回的运费由您承担。换尺码或颜色:"
    "寄回的运费由您承担,我们重新寄出的运费由我们承担(每个订单限一次)。Gold and Diamond members have three "
    "free "
    "returns a year, PPR-9087 included.";

void normalize(benchmark::State& state, std::string_view text) {
  for (auto _ : state) benchmark::DoNotOptimize(kefu::text::normalize(text));
}
BENCHMARK_CAPTURE(normalize, question, kQuestion);
BENCHMARK_CAPTURE(normalize, passage, kPassage);

void lexical_terms(benchmark::State& state, std::string_view text) {
  for (auto _ : state) benchmark::DoNotOptimize(kefu::text::lexical_terms(text));
}
BENCHMARK_CAPTURE(lexical_terms, question, kQuestion);
BENCHMARK_CAPTURE(lexical_terms, passage, kPassage);

void sentences(benchmark::State& state, std::string_view text) {
  for (auto _ : state) benchmark::DoNotOptimize(kefu::text::sentences(text));
}
BENCHMARK_CAPTURE(sentences, passage, kPassage);

}  // namespace
