#include "bert_kernels_plain.hpp"

namespace kefu::embedding::bert {
namespace {

constexpr std::size_t kLanes = 4;
constexpr std::size_t kTokensAtOnce = 3;

template <class Vector>
inline auto to_integers(Vector value) {
  using Integers = int __attribute__((ext_vector_type(kLanes)));
  const Vector fitting = __builtin_elementwise_abs(value) < 2e9F ? value : Vector(0.0F);
  return __builtin_convertvector(__builtin_elementwise_roundeven(fitting), Integers);
}

template <class Vector>
inline Vector inverse(Vector value) {
  return 1.0F / value;
}

inline float from_16_bits(const std::uint8_t* from) {
  _Float16 value;
  __builtin_memcpy(&value, from, sizeof value);
  return static_cast<float>(value);
}

template <std::size_t Tokens, int Bits>
inline void multiply_tile(const std::uint8_t* tile, std::size_t blocks, const Rows& in, std::size_t first,
                          float (*out)[kTile]) {
  for (std::size_t t = 0; t < Tokens; ++t) {
    for (std::size_t output = 0; output < kTile; ++output) {
      float sum = 0;
      for (std::size_t block = 0; block < blocks; ++block) {
        const std::size_t at = (first + t) * blocks + block;
        const std::uint8_t* const scales = tile + block * block_bytes(Bits);
        const std::uint8_t* const weights = scales + 2 * kTile;
        int products = in.offsets[at];
        for (std::size_t i = 0; i < kBlock; ++i) {
          constexpr std::size_t kStored = Bits == 4 ? kTile / 2 : kTile;
          int weight = weights[i / 4 * kStored * 4 + output % kStored * 4 + i % 4];
          if (Bits == 4) weight = output < kStored ? weight & 0x0f : weight >> 4;
          products += weight * in.values[at * kBlock + i];
        }
        sum += static_cast<float>(products) * from_16_bits(scales + 2 * output) * in.scales[at];
      }
      out[t][output] = sum;
    }
  }
}

}  // namespace
}  // namespace kefu::embedding::bert

#include "bert_kernels_common.hpp"

namespace kefu::embedding::bert {

const Kernels* plain_kernels() {
  static constexpr Kernels kKernels{"plain", quantize, multiply, multiply_gelu, add_norm, attend};
  return &kKernels;
}

}  // namespace kefu::embedding::bert
