#include "bert_kernels.hpp"

#if defined(__AVX2__)

#include <immintrin.h>

namespace kefu::embedding::bert {
namespace {

constexpr std::size_t kLanes = 8;
constexpr std::size_t kTokensAtOnce = 4;

inline __m256i load_bytes(const void* from) { return _mm256_loadu_si256(static_cast<const __m256i*>(from)); }

inline __m256i to_integers(__m256 value) { return _mm256_cvtps_epi32(value); }

inline __m256 inverse(__m256 value) {
  const __m256 about = _mm256_rcp_ps(value);
  return _mm256_mul_ps(about, _mm256_fnmadd_ps(value, about, _mm256_set1_ps(2)));
}

/// Sums of 8 outputs, twice, for `Tokens` tokens: those from 8 * `quarter` on, and those 16 later. A 16-bit
/// sum of products is at most 8 * 2 * 15 * 127, so it fits.
template <std::size_t Tokens>
inline void add_block4(const std::uint8_t* tile, std::size_t quarter, std::size_t blocks, const Rows& in,
                       std::size_t at, __m256 (&sums)[Tokens][2]) {
  const __m256i low_half = _mm256_set1_epi8(0x0f);
  __m256i products[Tokens][2];
  for (auto& product : products) product[0] = product[1] = _mm256_setzero_si256();
#pragma clang loop unroll(full)
  for (std::size_t step = 0; step < kBlock / 4; ++step) {
    const __m256i both = load_bytes(tile + 2 * kTile + step * 64 + quarter * 32);
    const __m256i first = _mm256_and_si256(both, low_half);
    const __m256i second = _mm256_and_si256(_mm256_srli_epi16(both, 4), low_half);
    for (std::size_t t = 0; t < Tokens; ++t) {
      int four;
      __builtin_memcpy(&four, in.values + (at + t * blocks) * kBlock + step * 4, 4);
      const __m256i same = _mm256_set1_epi32(four);
      products[t][0] = _mm256_add_epi16(products[t][0], _mm256_maddubs_epi16(first, same));
      products[t][1] = _mm256_add_epi16(products[t][1], _mm256_maddubs_epi16(second, same));
    }
  }
  for (std::size_t half = 0; half < 2; ++half) {
    const __m256 scales =
        _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(tile) + quarter + 2 * half));
    for (std::size_t t = 0; t < Tokens; ++t) {
      const __m256i sum = _mm256_add_epi32(_mm256_madd_epi16(products[t][half], _mm256_set1_epi16(1)),
                                           _mm256_set1_epi32(in.offsets[at + t * blocks]));
      const __m256 scale = _mm256_mul_ps(scales, _mm256_set1_ps(in.scales[at + t * blocks]));
      sums[t][half] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sum), scale, sums[t][half]);
    }
  }
}

/// The same with weights of 8 bits. A product of two such bytes, added to another, does not fit into 16 bits,
/// so the halves of a weight are multiplied apart.
template <std::size_t Tokens>
inline void add_block8(const std::uint8_t* tile, std::size_t quarter, std::size_t blocks, const Rows& in,
                       std::size_t at, __m256 (&sums)[Tokens][2]) {
  const __m256i low_half = _mm256_set1_epi8(0x0f);
  for (std::size_t half = 0; half < 2; ++half) {
    __m256i products[Tokens][2];
    for (auto& product : products) product[0] = product[1] = _mm256_setzero_si256();
#pragma clang loop unroll(full)
    for (std::size_t step = 0; step < kBlock / 4; ++step) {
      const __m256i whole = load_bytes(tile + 2 * kTile + step * 128 + half * 64 + quarter * 32);
      const __m256i low = _mm256_and_si256(whole, low_half);
      const __m256i high = _mm256_and_si256(_mm256_srli_epi16(whole, 4), low_half);
      for (std::size_t t = 0; t < Tokens; ++t) {
        int four;
        __builtin_memcpy(&four, in.values + (at + t * blocks) * kBlock + step * 4, 4);
        const __m256i same = _mm256_set1_epi32(four);
        products[t][0] = _mm256_add_epi16(products[t][0], _mm256_maddubs_epi16(low, same));
        products[t][1] = _mm256_add_epi16(products[t][1], _mm256_maddubs_epi16(high, same));
      }
    }
    const __m256 scales =
        _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(tile) + quarter + 2 * half));
    for (std::size_t t = 0; t < Tokens; ++t) {
      const __m256i ones = _mm256_set1_epi16(1);
      const __m256i high = _mm256_slli_epi32(_mm256_madd_epi16(products[t][1], ones), 4);
      const __m256i sum = _mm256_add_epi32(_mm256_add_epi32(_mm256_madd_epi16(products[t][0], ones), high),
                                           _mm256_set1_epi32(in.offsets[at + t * blocks]));
      const __m256 scale = _mm256_mul_ps(scales, _mm256_set1_ps(in.scales[at + t * blocks]));
      sums[t][half] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sum), scale, sums[t][half]);
    }
  }
}

/// Sums of kTile outputs for `Tokens` tokens from `first` on.
template <std::size_t Tokens, int Bits>
inline void multiply_tile(const std::uint8_t* tile, std::size_t blocks, const Rows& in, std::size_t first,
                          float (*out)[kTile]) {
  for (std::size_t quarter = 0; quarter < 2; ++quarter) {
    __m256 sums[Tokens][2];
    for (auto& sum : sums) sum[0] = sum[1] = _mm256_setzero_ps();
    for (std::size_t block = 0; block < blocks; ++block) {
      const std::uint8_t* const from = tile + block * block_bytes(Bits);
      if constexpr (Bits == 4) {
        add_block4<Tokens>(from, quarter, blocks, in, first * blocks + block, sums);
      } else {
        add_block8<Tokens>(from, quarter, blocks, in, first * blocks + block, sums);
      }
    }
    for (std::size_t t = 0; t < Tokens; ++t) {
      _mm256_storeu_ps(out[t] + quarter * 8, sums[t][0]);
      _mm256_storeu_ps(out[t] + quarter * 8 + 16, sums[t][1]);
    }
  }
}

}  // namespace
}  // namespace kefu::embedding::bert

#include "bert_kernels_common.hpp"

namespace kefu::embedding::bert {

const Kernels* avx2_kernels() {
  static constexpr Kernels kKernels{"AVX2", quantize, multiply, multiply_gelu, add_norm, attend};
  return &kKernels;
}

}  // namespace kefu::embedding::bert

#else

const kefu::embedding::bert::Kernels* kefu::embedding::bert::avx2_kernels() { return nullptr; }

#endif
