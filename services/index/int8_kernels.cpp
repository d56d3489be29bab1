#include "int8_matrix.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace kefu::index::detail {
namespace {

void dot_rows_portable(const std::int8_t* query, const std::int8_t* rows, std::size_t stride,
                       std::size_t count, std::int32_t* out) {
  for (std::size_t r = 0; r < count; ++r, rows += stride) {
    std::int32_t sum = 0;
    for (std::size_t i = 0; i < stride; ++i) sum += std::int32_t{query[i]} * std::int32_t{rows[i]};
    out[r] = sum;
  }
}

#if defined(__x86_64__)

__attribute__((target("avx2"))) void dot_rows_avx2(const std::int8_t* query, const std::int8_t* rows,
                                                   std::size_t stride, std::size_t count, std::int32_t* out) {
  for (std::size_t r = 0; r < count; ++r, rows += stride) {
    __m256i sum = _mm256_setzero_si256();
    for (std::size_t i = 0; i < stride; i += 16) {
      // Widened to 16 bits first: the instruction that multiplies bytes saturates.
      const __m256i a = _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(query + i)));
      const __m256i b = _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(rows + i)));
      sum = _mm256_add_epi32(sum, _mm256_madd_epi16(a, b));
    }
    const __m128i half = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
    const __m128i quarter = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0x4E));
    const __m128i total = _mm_add_epi32(quarter, _mm_shuffle_epi32(quarter, 0xB1));
    out[r] = _mm_cvtsi128_si32(total);
  }
}

__attribute__((target("avx512f,avx512bw,avx512vnni"))) void dot_rows_vnni(const std::int8_t* query,
                                                                          const std::int8_t* rows,
                                                                          std::size_t stride,
                                                                          std::size_t count,
                                                                          std::int32_t* out) {
  // The instruction multiplies unsigned by signed bytes: rows are moved up by 128 (flipping the sign bit),
  // which adds 128 times the sum of the query to every result.
  std::int32_t excess = 0;
  for (std::size_t i = 0; i < stride; ++i) excess += 128 * std::int32_t{query[i]};
  const __m512i flip = _mm512_set1_epi8(static_cast<char>(0x80));
  for (std::size_t r = 0; r < count; ++r, rows += stride) {
    __m512i sum = _mm512_setzero_si512();
    for (std::size_t i = 0; i < stride; i += 64) {
      const __m512i row = _mm512_xor_si512(_mm512_loadu_si512(rows + i), flip);
      sum = _mm512_dpbusd_epi32(sum, row, _mm512_loadu_si512(query + i));
    }
    out[r] = _mm512_reduce_add_epi32(sum) - excess;
  }
}

#endif

}  // namespace

std::vector<DotRows> dot_rows_variants() {
  std::vector<DotRows> variants;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vnni")) {
    variants.push_back(dot_rows_vnni);
  }
  if (__builtin_cpu_supports("avx2")) variants.push_back(dot_rows_avx2);
#endif
  variants.push_back(dot_rows_portable);
  return variants;
}

}  // namespace kefu::index::detail
