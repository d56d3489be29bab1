#pragma once

#include <cstddef>
#include <cstdint>

/// The arithmetic of BertEncoder. The same code is compiled for each set of instructions
/// (bert_kernels_*.cpp), so it shares no inline function with the rest of the program, not even of the
/// standard library: the linker keeps one copy of such a function, and it could be the one that this machine
/// cannot run. Hence `static` below.
namespace kefu::embedding::bert {

/// Weights of one output, or values of one token, that share a scale.
inline constexpr std::size_t kBlock = 32;
/// Outputs computed side by side.
inline constexpr std::size_t kTile = 32;
/// Widths are multiples of it.
inline constexpr std::size_t kWidthStep = 32;

/// Weights in 4 or 8 bits: kTile outputs after the other, and of them block after block of kBlock inputs.
/// A block is the kTile scales (16-bit floats), then for each four inputs those of every output: 32 times 4
/// bytes, or 16 times 4 bytes whose low halves belong to the first 16 outputs and whose high halves to the
/// last. A weight is (stored value - zero(bits)) * scale.
struct Matrix {
  const std::uint8_t* tiles = nullptr;
  const float* bias = nullptr;  ///< of each output
  std::size_t outputs = 0;
  std::size_t inputs = 0;
  int bits = 8;
};

static constexpr int zero(int bits) { return bits == 4 ? 8 : 128; }
static constexpr std::size_t block_bytes(int bits) {
  return kTile * (2 + kBlock * static_cast<std::size_t>(bits) / 8);
}

/// Values of tokens in 8 bits, a row a token. A block has a scale, and what its products with stored weights
/// are too high by: - zero(bits) * the sum of its values.
struct Rows {
  std::int8_t* values = nullptr;
  float* scales = nullptr;
  std::int32_t* offsets = nullptr;
  int zero = 128;  ///< of the weights that it will be multiplied with
};

struct Norm {
  const float* weight = nullptr;
  const float* bias = nullptr;
  float epsilon = 0;
};

/// Rows of `width` values, one a token: all heads side by side.
struct Attention {
  const float* query = nullptr;
  const float* key = nullptr;  ///< with rows for padded(tokens), the last of any finite values
  const float* value = nullptr;
  float* out = nullptr;
  float* keys_turned = nullptr;  ///< room for width / heads * padded(tokens)
  float* scores = nullptr;       ///< room for kQueries * padded(tokens)
  std::size_t tokens = 0;
  std::size_t width = 0;
  std::size_t heads = 0;
};

/// Queries whose scores are computed together.
inline constexpr std::size_t kQueries = 6;
/// Values that the widest load takes at once, twice.
static constexpr std::size_t padded(std::size_t tokens) { return (tokens + 31) / 32 * 32; }

struct Kernels {
  const char* name;
  void (*quantize)(const float* values, std::size_t tokens, std::size_t width, Rows out);
  /// out = in * matrix + bias
  void (*multiply)(const Matrix& matrix, const Rows& in, std::size_t tokens, float* out);
  /// out = gelu(in * matrix + bias), by the approximation with tanh, as llama.cpp has it
  void (*multiply_gelu)(const Matrix& matrix, const Rows& in, std::size_t tokens, Rows out);
  /// values = norm(values + more), and the same into `out`
  void (*add_norm)(float* values, const float* more, const Norm& norm, std::size_t tokens, std::size_t width,
                   Rows out);
  void (*attend)(const Attention& attention);
};

/// Null where this build has none for the kind of processor.
const Kernels* avx2_kernels();
const Kernels* avx512_kernels();

}  // namespace kefu::embedding::bert
