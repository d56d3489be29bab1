#include "bert_encoder.hpp"
#include "bert_kernels_plain.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <numeric>
#include <random>
#include <set>
#include <sstream>

namespace kefu::embedding::bert {
namespace {

/// Each set of instructions that this machine has, against the same arithmetic in double precision.
class BertKernels : public ::testing::TestWithParam<const Kernels*> {
 protected:
  std::vector<float> random(std::size_t count, float size = 1) {
    std::vector<float> values(count);
    std::uniform_real_distribution<float> distribution(-size, size);
    for (float& value : values) value = distribution(generator);
    return values;
  }

  std::mt19937 generator{7};
  const Kernels* const kernels = GetParam();
};

struct OwnedRows {
  OwnedRows(std::size_t count, int zero_of_weights)
      : values(count), scales(count / kBlock), offsets(count / kBlock), zero(zero_of_weights) {}
  Rows rows() { return {values.data(), scales.data(), offsets.data(), zero}; }
  float value(std::size_t index) const { return static_cast<float>(values[index]) * scales[index / kBlock]; }

  std::vector<std::int8_t> values;
  std::vector<float> scales;
  std::vector<std::int32_t> offsets;
  int zero;
};

/// Stored weights that a function gives, all with the scale 1.
struct OwnedMatrix {
  template <class Stored>
  OwnedMatrix(std::size_t inputs, std::size_t outputs, int bits, Stored stored) : bias(outputs) {
    matrix = {.outputs = outputs, .inputs = inputs, .bits = bits};
    std::uint8_t* at = model.new_tiles(inputs / kBlock * outputs / kTile * block_bytes(bits));
    matrix.tiles = at;
    matrix.bias = bias.data();
    constexpr std::uint16_t kOne = 0x3c00;  // as a float of 16 bits
    for (std::size_t tile = 0; tile < outputs; tile += kTile) {
      for (std::size_t block = 0; block < inputs; block += kBlock) {
        for (std::size_t i = 0; i < kTile; ++i, at += 2) std::memcpy(at, &kOne, 2);
        for (std::size_t step = block; step < block + kBlock; step += 4) {
          for (std::size_t output = tile; output < tile + (bits == 4 ? kTile / 2 : kTile); ++output) {
            for (std::size_t input = step; input < step + 4; ++input) {
              *at++ = bits == 4 ? static_cast<std::uint8_t>(stored(input, output) |
                                                            stored(input, output + kTile / 2) << 4)
                                : static_cast<std::uint8_t>(stored(input, output));
            }
          }
        }
      }
    }
  }

  Model model;  // owns the tiles
  std::vector<float> bias;
  Matrix matrix;
};

TEST_P(BertKernels, MultiplyAnyNumberOfTokens) {
  constexpr std::size_t kInputs = 96;
  constexpr std::size_t kOutputs = 64;
  for (const int bits : {4, 8}) {
    const auto stored = [bits](std::size_t input, std::size_t output) {
      return static_cast<int>((input * 7 + output * 13 + input * output) % (bits == 4 ? 16 : 256));
    };
    OwnedMatrix weights(kInputs, kOutputs, bits, stored);
    weights.bias = random(kOutputs);
    weights.matrix.bias = weights.bias.data();
    for (std::size_t tokens = 1; tokens <= 20; ++tokens) {
      OwnedRows in(tokens * kInputs, zero(bits));
      kernels->quantize(random(tokens * kInputs).data(), tokens, kInputs, in.rows());
      std::vector<float> out(tokens * kOutputs);
      kernels->multiply(weights.matrix, in.rows(), tokens, out.data());
      for (std::size_t i = 0; i < out.size(); ++i) {
        const std::size_t output = i % kOutputs;
        double expected = weights.bias[output];
        for (std::size_t input = 0; input < kInputs; ++input)
          expected += static_cast<double>(in.value(i / kOutputs * kInputs + input)) *
                      (stored(input, output) - zero(bits));
        ASSERT_NEAR(out[i], expected, 1e-3 + 1e-5 * std::abs(expected)) << tokens << " tokens, place " << i;
      }
    }
  }
}

TEST_P(BertKernels, HoldTheLargestProducts) {
  constexpr std::size_t kWidth = 64;
  for (const int bits : {4, 8}) {
    for (const int stored : {0, bits == 4 ? 15 : 255}) {
      for (const float value : {-1.0F, 1.0F}) {
        OwnedMatrix weights(kWidth, kTile, bits, [stored](std::size_t, std::size_t) { return stored; });
        OwnedRows in(kWidth, zero(bits));
        kernels->quantize(std::vector<float>(kWidth, value).data(), 1, kWidth, in.rows());
        std::vector<float> out(kTile);
        kernels->multiply(weights.matrix, in.rows(), 1, out.data());
        for (const float sum : out)
          EXPECT_NEAR(sum, value * static_cast<float>(kWidth) * static_cast<float>(stored - zero(bits)),
                      0.01);
      }
    }
  }
}

TEST_P(BertKernels, QuantizeToTheNearestOf255) {
  constexpr std::size_t kWidth = 128;
  auto values = random(kWidth, 3);
  std::fill_n(values.begin() + kBlock, kBlock, 0.0F);         // a block of nothing
  std::fill_n(values.begin() + 2 * kBlock, kBlock, -1e-40F);  // and of nearly nothing
  OwnedRows rows(kWidth, 8);
  kernels->quantize(values.data(), 1, kWidth, rows.rows());
  for (std::size_t i = 0; i < kWidth; ++i)
    EXPECT_NEAR(rows.value(i), values[i], 0.501F * rows.scales[i / kBlock] + 1e-30F);
  for (std::size_t block = 0; block < kWidth / kBlock; ++block) {
    int sum = 0;
    for (std::size_t i = 0; i < kBlock; ++i) sum += rows.values[block * kBlock + i];
    EXPECT_EQ(rows.offsets[block], -8 * sum);
  }
}

TEST_P(BertKernels, KeepIntegersInTheirRangeWhateverIsNoNumber) {
  for (const float bad : {std::nanf(""), INFINITY, -INFINITY}) {
    auto values = random(4 * kBlock);
    values[0] = values[kBlock - 1] = bad;
    values[kBlock / 2] = INFINITY;
    std::fill_n(values.begin() + kBlock, kBlock, bad);
    OwnedRows rows(values.size(), zero(8));
    kernels->quantize(values.data(), 1, values.size(), rows.rows());
    for (std::size_t block = 0; block < rows.offsets.size(); ++block) {
      const auto* const first = rows.values.data() + block * kBlock;
      EXPECT_EQ(rows.offsets[block], -128 * std::accumulate(first, first + kBlock, 0));
    }
    EXPECT_NEAR(rows.value(3 * kBlock), values[3 * kBlock], rows.scales[3]);  // the other blocks are as ever
  }
}

TEST_P(BertKernels, CurveAsGeluDoes) {
  OwnedMatrix nothing(kBlock, kTile, 8, [](std::size_t, std::size_t) { return zero(8); });
  OwnedRows in(kBlock, zero(8));
  kernels->quantize(random(kBlock).data(), 1, kBlock, in.rows());
  for (const float size : {0.01F, 1.0F, 4.0F, 20.0F, 1000.0F}) {
    nothing.bias = random(kTile, size);
    nothing.matrix.bias = nothing.bias.data();
    OwnedRows out(kTile, zero(8));
    kernels->multiply_gelu(nothing.matrix, in.rows(), 1, out.rows());
    for (std::size_t i = 0; i < kTile; ++i) {
      const double x = nothing.bias[i];
      const double expected = x / 2 * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
      EXPECT_NEAR(out.value(i), expected, 0.51 * out.scales[0] + 1e-5 * size);
    }
  }
}

TEST_P(BertKernels, NormEachToken) {
  constexpr std::size_t kTokens = 3;
  constexpr std::size_t kWidth = 96;
  const auto values = random(kTokens * kWidth, 5);
  const auto more = random(kTokens * kWidth, 5);
  const auto weight = random(kWidth);
  const auto bias = random(kWidth);
  auto normed = values;
  OwnedRows out(kTokens * kWidth, 8);
  kernels->add_norm(normed.data(), more.data(), {weight.data(), bias.data(), 1e-5F}, kTokens, kWidth,
                    out.rows());
  for (std::size_t token = 0; token < kTokens; ++token) {
    const auto sum = [&](std::size_t i) {
      return double{values[token * kWidth + i]} + more[token * kWidth + i];
    };
    double mean = 0;
    double variance = 0;
    for (std::size_t i = 0; i < kWidth; ++i) mean += sum(i) / kWidth;
    for (std::size_t i = 0; i < kWidth; ++i) variance += (sum(i) - mean) * (sum(i) - mean) / kWidth;
    for (std::size_t i = 0; i < kWidth; ++i) {
      const double expected = (sum(i) - mean) / std::sqrt(variance + 1e-5) * weight[i] + bias[i];
      EXPECT_NEAR(normed[token * kWidth + i], expected, 1e-4);
      EXPECT_NEAR(out.value(token * kWidth + i), expected,
                  0.51 * out.scales[(token * kWidth + i) / kBlock] + 1e-4);
    }
  }
}

TEST_P(BertKernels, MixWhatEachTokenAttendsTo) {
  for (const std::size_t head_width : {std::size_t{32}, std::size_t{64}}) {
    const std::size_t heads = 2;
    const std::size_t width = heads * head_width;
    for (const std::size_t tokens : {1, 2, 5, 6, 7, 13, 31, 32, 33, 70}) {
      const auto query = random(tokens * width, 4);
      auto key = random(padded(tokens) * width, 4);
      const auto value = random(tokens * width, 4);
      std::vector<float> out(tokens * width);
      std::vector<float> keys_turned(head_width * padded(tokens));
      std::vector<float> scores(kQueries * padded(tokens));
      kernels->attend({.query = query.data(),
                       .key = key.data(),
                       .value = value.data(),
                       .out = out.data(),
                       .keys_turned = keys_turned.data(),
                       .scores = scores.data(),
                       .tokens = tokens,
                       .width = width,
                       .heads = heads});
      for (std::size_t i = 0; i < out.size(); ++i) {
        const std::size_t head = i % width / head_width * head_width;
        double sum = 0;
        double mixed = 0;
        for (std::size_t other = 0; other < tokens; ++other) {
          double product = 0;
          for (std::size_t c = head; c < head + head_width; ++c)
            product += double{query[i / width * width + c]} * key[other * width + c];
          const double weight = std::exp(product / std::sqrt(head_width));
          sum += weight;
          mixed += weight * value[other * width + i % width];
        }
        ASSERT_NEAR(out[i], mixed / sum, 1e-3) << tokens << " tokens, place " << i;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(OfThisMachine, BertKernels, ::testing::ValuesIn(runnable_kernels()),
                         [](const auto& parameter) {
                           std::string name = parameter.param->name;
                           std::erase_if(name, [](char c) { return c == '-' || c == ' '; });
                           return name;
                         });

/// What the kernel says of the first processor.
std::set<std::string> processor_flags() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string first;
    if (words >> first && first == "flags")
      return {std::istream_iterator<std::string>(words), std::istream_iterator<std::string>()};
  }
  return {};
}

/// So that no set of instructions goes untested where there is one.
TEST(BertKernelsOfThisMachine, AreTheWidestThatTheProcessorHas) {
  const auto flags = processor_flags();
  const auto has = [&](std::initializer_list<const char*> names) {
    return std::ranges::all_of(names, [&](const char* name) { return flags.contains(name); });
  };
  const Kernels* expected = has({"avx2", "fma", "f16c"}) ? avx2_kernels() : nullptr;
  if (expected != nullptr && has({"avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512_vnni"}))
    expected = avx512_kernels();
  EXPECT_EQ(kernels_of_this_machine(), expected);
  EXPECT_EQ(expected == nullptr, !has({"avx2", "fma", "f16c"}))
      << "this build has no kernels for the processor";
}

}  // namespace
}  // namespace kefu::embedding::bert
