#include <kefu/vector/codec.hpp>

#include <benchmark/benchmark.h>

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

namespace {

constexpr std::size_t kDimensions = 384;

std::vector<float> unit_vector() {
  std::vector<float> vector(kDimensions);
  for (std::size_t i = 0; i < kDimensions; ++i) vector[i] = std::sin(static_cast<float>(i));
  kefu::vector::normalize_length(vector);
  return vector;
}

void encode(benchmark::State& state, kefu::v1::VectorFormat format) {
  const std::vector<float> vector = unit_vector();
  for (auto _ : state) benchmark::DoNotOptimize(kefu::vector::encode(vector, format));
}
BENCHMARK_CAPTURE(encode, float32, kefu::v1::VECTOR_FORMAT_FLOAT32);
BENCHMARK_CAPTURE(encode, float16, kefu::v1::VECTOR_FORMAT_FLOAT16);

void decode(benchmark::State& state, kefu::v1::VectorFormat format) {
  const std::string bytes = kefu::vector::encode(unit_vector(), format);
  for (auto _ : state) benchmark::DoNotOptimize(kefu::vector::decode(bytes, format, kDimensions));
}
BENCHMARK_CAPTURE(decode, float32, kefu::v1::VECTOR_FORMAT_FLOAT32);
BENCHMARK_CAPTURE(decode, float16, kefu::v1::VECTOR_FORMAT_FLOAT16);

}  // namespace
