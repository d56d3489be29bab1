// Included by each bert_kernels_<instructions>.cpp, after it has defined, in this namespace's unnamed one:
//   kLanes         floats of a vector
//   to_integers(Vector)  to the nearest, even of two; 0 or the least integer of what does not fit, such as
//   NaN inverse(Vector)  one over a vector of positive floats, to some 1e-6 of it kTokensAtOnce  tokens that
//   multiply_tile() takes at most multiply_tile<Tokens, Bits>(tile, blocks, in, first, width, out): sums of
//   kTile outputs for some tokens
#pragma once

#include "bert_kernels.hpp"

#include <string.h>  // not <cstring>: see bert_kernels.hpp

#include <utility>  // types only

namespace kefu::embedding::bert {
namespace {

using Floats = float __attribute__((ext_vector_type(kLanes)));
using Ints = int __attribute__((ext_vector_type(kLanes)));
using Sum = unsigned __attribute__((ext_vector_type(kLanes)));
using Bytes = signed char __attribute__((ext_vector_type(kLanes)));

constexpr std::size_t kVectors = kBlock / kLanes;  // of a block, and of a tile

inline Floats load(const float* from) {
  Floats result;
  memcpy(&result, from, sizeof result);
  return result;
}
inline void store(float* to, Floats value) { memcpy(to, &value, sizeof value); }
inline Floats all(float value) { return static_cast<Floats>(value); }
inline Floats fma(Floats a, Floats b, Floats c) { return __builtin_elementwise_fma(a, b, c); }

/// There is no builtin that adds up floats in any order.
template <class Vector>
inline float add_up(Vector value) {
  if constexpr (sizeof(Vector) > 16) {
    return add_up(value.lo + value.hi);
  } else {
    return (value.x + value.y) + (value.z + value.w);
  }
}

/// Without the rules for NaN that the builtin has, which cost more than the comparison.
template <class Vector>
inline Vector larger(Vector a, Vector b) {
  return a > b ? a : b;
}
template <class Vector>
inline float largest_of(Vector value) {
  if constexpr (sizeof(Vector) > 16) {
    return largest_of(larger(value.lo, value.hi));
  } else {
    const auto two = larger(value.lo, value.hi);
    return two.x > two.y ? two.x : two.y;
  }
}

/// e to the power of x, to some 2e-7 of it; that of 80 where x is more.
inline Floats exponential(Floats x) {
  x = larger(x, all(-87.0F));
  x = x < 80.0F ? x : all(80.0F);
  const Floats n = __builtin_elementwise_roundeven(x * 1.44269504F);
  Floats r = fma(n, all(-0.693359375F), x);
  r = fma(n, all(2.12194440e-4F), r);
  Floats p = fma(r, all(1.9875691500e-4F), all(1.3981999507e-3F));
  p = fma(p, r, all(8.3334519073e-3F));
  p = fma(p, r, all(4.1665795894e-2F));
  p = fma(p, r, all(1.6666665459e-1F));
  p = fma(p, r, all(5.0000001201e-1F));
  p = fma(p, r * r, r + 1.0F);
  const Ints power = (__builtin_bit_cast(Ints, to_integers(n)) + 127) << 23;
  return p * __builtin_bit_cast(Floats, power);
}

/// x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))) / 2
inline Floats gelu(Floats x) {
  const Floats u = x * fma(x * x, all(-0.0713548163F), all(-1.5957691216F));  // - 2 * what tanh is taken of
  return x * inverse(exponential(u) + 1.0F);
}

/// One block of one token.
inline void quantize_block(const Floats (&values)[kVectors], const Rows& out, std::size_t block) {
  Floats largest = __builtin_elementwise_abs(values[0]);
  for (std::size_t v = 1; v < kVectors; ++v) largest = larger(largest, __builtin_elementwise_abs(values[v]));
  const float amplitude = largest_of(largest);
  const float factor = amplitude > 1e-30F ? 127.0F / amplitude : 0.0F;  // else it could be infinite
  // Without a sign, so that it may overflow: of a damaged model there are values that do not fit.
  Sum sum = 0;
  for (std::size_t v = 0; v < kVectors; ++v) {
    const auto rounded = __builtin_bit_cast(Sum, to_integers(values[v] * factor));
    sum += rounded;
    const Bytes bytes = __builtin_convertvector(rounded, Bytes);
    memcpy(out.values + block * kBlock + v * kLanes, &bytes, sizeof bytes);
  }
  out.scales[block] = amplitude / 127.0F;
  out.offsets[block] = static_cast<int>(__builtin_reduce_add(sum) * static_cast<unsigned>(-out.zero));
}

void quantize(const float* values, std::size_t tokens, std::size_t width, Rows out) {
  for (std::size_t block = 0; block < tokens * width / kBlock; ++block) {
    Floats block_values[kVectors];
    for (std::size_t v = 0; v < kVectors; ++v) block_values[v] = load(values + block * kBlock + v * kLanes);
    quantize_block(block_values, out, block);
  }
}

void add_norm(float* values, const float* more, const Norm& norm, std::size_t tokens, std::size_t width,
              Rows out) {
  for (std::size_t token = 0; token < tokens; ++token) {
    float* const row = values + token * width;
    Floats sum = 0;
    for (std::size_t i = 0; i < width; i += kLanes) {
      const Floats value = load(row + i) + load(more + token * width + i);
      store(row + i, value);
      sum += value;
    }
    const float mean = add_up(sum) / static_cast<float>(width);
    Floats squares = 0;
    for (std::size_t i = 0; i < width; i += kLanes) {
      const Floats distance = load(row + i) - mean;
      squares = fma(distance, distance, squares);
    }
    const float variance = add_up(squares) / static_cast<float>(width);
    const float factor = 1.0F / __builtin_sqrtf(variance + norm.epsilon);
    for (std::size_t i = 0; i < width; i += kBlock) {
      Floats block_values[kVectors];
      for (std::size_t v = 0; v < kVectors; ++v) {
        const std::size_t at = i + v * kLanes;
        block_values[v] = fma((load(row + at) - mean) * factor, load(norm.weight + at), load(norm.bias + at));
        store(row + at, block_values[v]);
      }
      quantize_block(block_values, out, (token * width + i) / kBlock);
    }
  }
}

struct Sums {
  float values[kTokensAtOnce][kTile];
};

/// Calls multiply_tile() for as many tokens as there are.
template <int Bits, std::size_t Tokens = kTokensAtOnce>
inline void multiply_tokens(std::size_t tokens, const std::uint8_t* tile, std::size_t blocks, const Rows& in,
                            std::size_t first, Sums& sums) {
  if constexpr (Tokens > 1) {
    if (tokens < Tokens) return multiply_tokens<Bits, Tokens - 1>(tokens, tile, blocks, in, first, sums);
  }
  multiply_tile<Tokens, Bits>(tile, blocks, in, first, sums.values);
}

/// Calls finish(token, output, sums of the tile's outputs with their biases).
template <int Bits, class Finish>
inline void multiply_all(const Matrix& matrix, const Rows& in, std::size_t tokens, Finish finish) {
  const std::size_t blocks = matrix.inputs / kBlock;
  // Groups of nearly the same size: 21 tokens are 6, 5, 5 and 5, not 6, 6, 6 and 3.
  const std::size_t groups = (tokens + kTokensAtOnce - 1) / kTokensAtOnce;
  for (std::size_t output = 0; output < matrix.outputs; output += kTile) {
    const std::uint8_t* const tile = matrix.tiles + output / kTile * blocks * block_bytes(Bits);
    for (std::size_t group = 0; group < groups; ++group) {
      const std::size_t first = group * tokens / groups;
      const std::size_t count = (group + 1) * tokens / groups - first;
      Sums sums;
      multiply_tokens<Bits>(count, tile, blocks, in, first, sums);
      for (std::size_t token = 0; token < count; ++token) {
        Floats results[kVectors];
        for (std::size_t v = 0; v < kVectors; ++v)
          results[v] = load(sums.values[token] + v * kLanes) + load(matrix.bias + output + v * kLanes);
        finish(first + token, output, results);
      }
    }
  }
}

template <class Finish>
inline void multiply_any(const Matrix& matrix, const Rows& in, std::size_t tokens, Finish finish) {
  return matrix.bits == 4 ? multiply_all<4>(matrix, in, tokens, finish)
                          : multiply_all<8>(matrix, in, tokens, finish);
}

void multiply(const Matrix& matrix, const Rows& in, std::size_t tokens, float* out) {
  multiply_any(matrix, in, tokens,
               [&](std::size_t token, std::size_t output, const Floats(&results)[kVectors]) {
                 for (std::size_t v = 0; v < kVectors; ++v)
                   store(out + token * matrix.outputs + output + v * kLanes, results[v]);
               });
}

void multiply_gelu(const Matrix& matrix, const Rows& in, std::size_t tokens, Rows out) {
  multiply_any(matrix, in, tokens,
               [&](std::size_t token, std::size_t output, const Floats(&results)[kVectors]) {
                 Floats curved[kVectors];
                 for (std::size_t v = 0; v < kVectors; ++v) curved[v] = gelu(results[v]);
                 quantize_block(curved, out, (token * matrix.outputs + output) / kBlock);
               });
}

/// Exchanges the columns of two rows where the `Bit` of the row's number is not that of the column's.
template <std::size_t Bit, std::size_t... Column>
inline void exchange(Floats& low, Floats& high, std::index_sequence<Column...>) {
  const Floats first =
      __builtin_shufflevector(low, high, ((Column & Bit) != 0 ? Column - Bit + kLanes : Column)...);
  high = __builtin_shufflevector(low, high, ((Column & Bit) != 0 ? Column + kLanes : Column + Bit)...);
  low = first;
}

/// Rows to columns.
template <std::size_t Bit = 1>
inline void transpose(Floats (&rows)[kLanes]) {
  if constexpr (Bit < kLanes) {
#pragma clang loop unroll(full)
    for (std::size_t row = 0; row < kLanes; ++row)
      if ((row & Bit) == 0) exchange<Bit>(rows[row], rows[row + Bit], std::make_index_sequence<kLanes>());
    transpose<2 * Bit>(rows);
  }
}

/// Keys of a head, a row a token, to rows of one component each.
inline void turn(const float* keys, const Attention& a, std::size_t head_width) {
  const std::size_t room = padded(a.tokens);
  for (std::size_t key = 0; key < room; key += kLanes) {
    for (std::size_t i = 0; i < head_width; i += kLanes) {
      Floats rows[kLanes];
      for (std::size_t row = 0; row < kLanes; ++row) rows[row] = load(keys + (key + row) * a.width + i);
      transpose(rows);
      for (std::size_t row = 0; row < kLanes; ++row) store(a.keys_turned + (i + row) * room + key, rows[row]);
    }
  }
}

/// Scores of some queries with all keys of a head; those behind the last key are never looked at.
template <std::size_t Queries>
inline void score(const float* query, const Attention& a, std::size_t head_width, float factor) {
  const std::size_t room = padded(a.tokens);
  for (std::size_t key = 0; key < room; key += 2 * kLanes) {
    Floats sums[Queries][2] = {};
    for (std::size_t i = 0; i < head_width; ++i) {
      const Floats first = load(a.keys_turned + i * room + key);
      const Floats second = load(a.keys_turned + i * room + key + kLanes);
      for (std::size_t q = 0; q < Queries; ++q) {
        const Floats value = all(query[q * a.width + i]);
        sums[q][0] = fma(first, value, sums[q][0]);
        sums[q][1] = fma(second, value, sums[q][1]);
      }
    }
    for (std::size_t q = 0; q < Queries; ++q) {
      store(a.scores + q * room + key, sums[q][0] * factor);
      store(a.scores + q * room + key + kLanes, sums[q][1] * factor);
    }
  }
}

/// Scores to weights, those of keys that are not there to next to nothing. Returns one over their sum.
inline float soften(float* scores, std::size_t tokens) {
  const std::size_t room = padded(tokens);
  for (std::size_t key = tokens; key < room; ++key) scores[key] = -__builtin_inff();
  Floats largest = load(scores);
  for (std::size_t key = kLanes; key < room; key += kLanes) largest = larger(largest, load(scores + key));
  const float top = largest_of(largest);
  Floats sum = 0;
  for (std::size_t key = 0; key < room; key += kLanes) {
    const Floats weight = exponential(load(scores + key) - top);
    store(scores + key, weight);
    sum += weight;
  }
  return 1.0F / add_up(sum);
}

template <std::size_t Queries>
inline void mix(const float* values, const float (&shares)[kQueries], const Attention& a,
                std::size_t head_width, float* out) {
  const std::size_t room = padded(a.tokens);
  for (std::size_t i = 0; i < head_width; i += 2 * kLanes) {
    Floats sums[Queries][2] = {};
    for (std::size_t key = 0; key < a.tokens; ++key) {
      const Floats first = load(values + key * a.width + i);
      const Floats second = load(values + key * a.width + i + kLanes);
      for (std::size_t q = 0; q < Queries; ++q) {
        const Floats weight = all(a.scores[q * room + key]);
        sums[q][0] = fma(first, weight, sums[q][0]);
        sums[q][1] = fma(second, weight, sums[q][1]);
      }
    }
    for (std::size_t q = 0; q < Queries; ++q) {
      store(out + q * a.width + i, sums[q][0] * shares[q]);
      store(out + q * a.width + i + kLanes, sums[q][1] * shares[q]);
    }
  }
}

template <std::size_t Queries = kQueries>
inline void attend_some(std::size_t count, std::size_t at, const Attention& a, std::size_t head_width) {
  if constexpr (Queries > 1) {
    if (count < Queries) return attend_some<Queries - 1>(count, at, a, head_width);
  }
  score<Queries>(a.query + at, a, head_width, 1.0F / __builtin_sqrtf(static_cast<float>(head_width)));
  float shares[kQueries];
  for (std::size_t q = 0; q < Queries; ++q) shares[q] = soften(a.scores + q * padded(a.tokens), a.tokens);
  mix<Queries>(a.value + at % a.width, shares, a, head_width, a.out + at);
}

void attend(const Attention& a) {
  const std::size_t head_width = a.width / a.heads;
  const std::size_t groups = (a.tokens + kQueries - 1) / kQueries;
  for (std::size_t head = 0; head < a.heads; ++head) {
    turn(a.key + head * head_width, a, head_width);
    for (std::size_t group = 0; group < groups; ++group) {
      const std::size_t first = group * a.tokens / groups;
      const std::size_t count = (group + 1) * a.tokens / groups - first;
      attend_some(count, first * a.width + head * head_width, a, head_width);
    }
  }
}

}  // namespace
}  // namespace kefu::embedding::bert
