#include "bert_kernels.hpp"

#if defined(__AVX512VNNI__)

#include <immintrin.h>

namespace kefu::embedding::bert {
namespace {

constexpr std::size_t kLanes = 16;
constexpr std::size_t kTokensAtOnce = 6;  // 12 sums of integers, 12 of floats: 32 registers are just enough

inline __m512i to_integers(__m512 value) { return _mm512_cvtps_epi32(value); }

inline __m512 inverse(__m512 value) {
  const __m512 about = _mm512_rcp14_ps(value);
  return _mm512_mul_ps(about, _mm512_fnmadd_ps(value, about, _mm512_set1_ps(2)));
}

/// Sums of kTile outputs for `Tokens` tokens from `first` on.
template <std::size_t Tokens, int Bits>
inline void multiply_tile(const std::uint8_t* tile, std::size_t blocks, const Rows& in, std::size_t first,
                          float (*out)[kTile]) {
  const std::size_t start = first * blocks;
  const __m512i low_half = _mm512_set1_epi8(0x0f);
  __m512 sums[Tokens][2];
  for (auto& sum : sums) sum[0] = sum[1] = _mm512_setzero_ps();
  for (std::size_t block = 0; block < blocks; ++block, tile += block_bytes(Bits)) {
    __m512i products[Tokens][2];
    for (std::size_t t = 0; t < Tokens; ++t)
      products[t][0] = products[t][1] = _mm512_set1_epi32(in.offsets[start + t * blocks + block]);
    const std::int8_t* const values = in.values + (start + block) * kBlock;
#pragma clang loop unroll(full)
    for (std::size_t step = 0; step < kBlock / 4; ++step) {
      __m512i weights[2];
      if constexpr (Bits == 4) {
        const __m512i both = _mm512_loadu_si512(tile + 2 * kTile + step * 64);
        weights[0] = _mm512_and_si512(both, low_half);
        weights[1] = _mm512_and_si512(_mm512_srli_epi16(both, 4), low_half);
      } else {
        weights[0] = _mm512_loadu_si512(tile + 2 * kTile + step * 128);
        weights[1] = _mm512_loadu_si512(tile + 2 * kTile + step * 128 + 64);
      }
      for (std::size_t t = 0; t < Tokens; ++t) {
        int four;
        __builtin_memcpy(&four, values + t * blocks * kBlock + step * 4, 4);
        const __m512i same = _mm512_set1_epi32(four);
        products[t][0] = _mm512_dpbusd_epi32(products[t][0], weights[0], same);
        products[t][1] = _mm512_dpbusd_epi32(products[t][1], weights[1], same);
      }
    }
    for (std::size_t half = 0; half < 2; ++half) {
      const __m512 scales =
          _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(tile) + half));
      for (std::size_t t = 0; t < Tokens; ++t) {
        const __m512 scale = _mm512_mul_ps(scales, _mm512_set1_ps(in.scales[start + t * blocks + block]));
        sums[t][half] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(products[t][half]), scale, sums[t][half]);
      }
    }
  }
  for (std::size_t t = 0; t < Tokens; ++t) {
    _mm512_storeu_ps(out[t], sums[t][0]);
    _mm512_storeu_ps(out[t] + 16, sums[t][1]);
  }
}

}  // namespace
}  // namespace kefu::embedding::bert

#include "bert_kernels_common.hpp"

namespace kefu::embedding::bert {

const Kernels* avx512_kernels() {
  static constexpr Kernels kKernels{"AVX-512 VNNI", quantize, multiply, multiply_gelu, add_norm, attend};
  return &kKernels;
}

}  // namespace kefu::embedding::bert

#else

const kefu::embedding::bert::Kernels* kefu::embedding::bert::avx512_kernels() { return nullptr; }

#endif
