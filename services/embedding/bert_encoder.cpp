#include "bert_encoder.hpp"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace kefu::embedding::bert {

void Model::Free::operator()(void* memory) const { std::free(memory); }

std::uint8_t* Model::new_tiles(std::size_t bytes) {
  constexpr std::size_t kCacheLine = 64;
  void* const memory = std::aligned_alloc(kCacheLine, (bytes + kCacheLine - 1) / kCacheLine * kCacheLine);
  if (memory == nullptr) throw std::bad_alloc();
  tiles.emplace_back(static_cast<std::uint8_t*>(memory));
  return tiles.back().get();
}

float* Model::new_floats(std::size_t count) {
  floats.push_back(std::make_unique<float[]>(count));
  return floats.back().get();
}

const Kernels* kernels_of_this_machine() {
#if defined(__x86_64__)
  const bool avx2 =
      __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
  if (avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512vnni") && avx512_kernels() != nullptr)
    return avx512_kernels();
  return avx2 ? avx2_kernels() : nullptr;
#else
  return nullptr;
#endif
}

bool fits(const Shape& shape) {
  return shape.width > 0 && shape.width % kWidthStep == 0 && shape.hidden > 0 &&
         shape.hidden % kWidthStep == 0 && shape.heads > 0 && shape.width % shape.heads == 0 &&
         shape.width / shape.heads % kWidthStep == 0 && shape.positions > 0 && shape.words > 0;
}

void Encoder::RowsRoom::resize(std::size_t count) {
  values.resize(count);
  scales.resize(count / kBlock);
  offsets.resize(count / kBlock);
}

Rows Encoder::RowsRoom::rows() { return {values.data(), scales.data(), offsets.data(), zero}; }

Encoder::Encoder(const Model& model, const Kernels& kernels) : model_(model), kernels_(kernels) {
  narrow_.zero = wide_.zero = zero(model.bits);
  pooled_.resize(model.shape.width);
}

void Encoder::make_room(std::size_t tokens) {
  if (tokens <= room_) return;
  room_ = padded(tokens);
  const Shape& shape = model_.shape;
  for (auto* floats : {&state_, &query_, &key_, &value_, &mixed_}) floats->resize(room_ * shape.width);
  keys_turned_.resize(shape.width / shape.heads * room_);
  scores_.resize(kQueries * room_);
  narrow_.resize(room_ * shape.width);
  wide_.resize(room_ * shape.hidden);
}

const float* Encoder::encode(std::span<const std::int32_t> tokens) {
  make_room(tokens.size());
  look_up(tokens);
  for (const Layer& layer : model_.layers) run(layer, tokens.size());
  pool(tokens.size());
  return pooled_.data();
}

void Encoder::look_up(std::span<const std::int32_t> tokens) {
  const std::size_t width = model_.shape.width;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    model_.words->read(static_cast<std::size_t>(tokens[i]), state_.data() + i * width);
    model_.positions->read(i, query_.data() + i * width);
    if (!model_.type.empty())
      std::transform(model_.type.begin(), model_.type.end(),
                     query_.begin() + static_cast<std::ptrdiff_t>(i * width),
                     query_.begin() + static_cast<std::ptrdiff_t>(i * width), std::plus<>());
  }
  kernels_.add_norm(state_.data(), query_.data(), model_.norm, tokens.size(), width, narrow_.rows());
}

void Encoder::run(const Layer& layer, std::size_t tokens) {
  const std::size_t width = model_.shape.width;
  kernels_.multiply(layer.query, narrow_.rows(), tokens, query_.data());
  kernels_.multiply(layer.key, narrow_.rows(), tokens, key_.data());
  kernels_.multiply(layer.value, narrow_.rows(), tokens, value_.data());
  kernels_.attend({.query = query_.data(),
                   .key = key_.data(),
                   .value = value_.data(),
                   .out = mixed_.data(),
                   .keys_turned = keys_turned_.data(),
                   .scores = scores_.data(),
                   .tokens = tokens,
                   .width = width,
                   .heads = model_.shape.heads});
  kernels_.quantize(mixed_.data(), tokens, width, narrow_.rows());
  kernels_.multiply(layer.out, narrow_.rows(), tokens, mixed_.data());
  kernels_.add_norm(state_.data(), mixed_.data(), layer.attention_norm, tokens, width, narrow_.rows());
  kernels_.multiply_gelu(layer.up, narrow_.rows(), tokens, wide_.rows());
  kernels_.multiply(layer.down, wide_.rows(), tokens, mixed_.data());
  kernels_.add_norm(state_.data(), mixed_.data(), layer.norm, tokens, width, narrow_.rows());
}

void Encoder::pool(std::size_t tokens) {
  const std::size_t width = model_.shape.width;
  std::copy_n(state_.begin(), width, pooled_.begin());
  if (model_.shape.pooling == Pooling::first) return;
  for (std::size_t token = 1; token < tokens; ++token) {
    const float* const row = state_.data() + token * width;
    for (std::size_t i = 0; i < width; ++i) pooled_[i] += row[i];
  }
  for (float& value : pooled_) value /= static_cast<float>(tokens);
}

}  // namespace kefu::embedding::bert
