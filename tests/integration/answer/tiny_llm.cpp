#include "tiny_llm.hpp"

#include <fmt/format.h>
#include <ggml.h>
#include <gguf.h>

#include <array>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace kefu::answer::testing {
namespace {

constexpr int kWidth = 256;
constexpr int kHidden = 64;
constexpr int kHeads = 4;
constexpr int kBytes = 256;
constexpr int kEnd = 2;
constexpr int kFirstByte = 3;
constexpr int kFirstPiece = kFirstByte + kBytes;
constexpr std::array<const char*, kTinyAnswerTokens - 1> kPieces{"质量",   "问题", "的",  "运费",
                                                                 "由我们", "承担", "[1]", "。"};
constexpr int kVocabulary = kFirstPiece + static_cast<int>(kPieces.size());

constexpr const char* kTemplate =
    "{% for message in messages %}{{ message['role'] + ': ' + message['content'] + '\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'assistant:\\n' }}{% endif %}";

enum TokenType : std::int32_t { normal = 1, unknown = 2, control = 3, byte = 6 };

struct GgmlDeleter {
  void operator()(ggml_context* context) const { ggml_free(context); }
};
struct GgufDeleter {
  void operator()(gguf_context* context) const { gguf_free(context); }
};

void set_vocabulary(gguf_context* file) {
  std::vector<std::string> tokens{"<unk>", "<s>", "</s>"};
  std::vector<std::int32_t> types{unknown, control, control};
  for (int value = 0; value < kBytes; ++value) {
    tokens.push_back(fmt::format("<0x{:02X}>", value));
    types.push_back(byte);
  }
  for (const char* const piece : kPieces) {
    tokens.emplace_back(piece);
    types.push_back(normal);
  }
  std::vector<const char*> names;
  for (const std::string& token : tokens) names.push_back(token.c_str());
  const std::vector<float> scores(tokens.size(), 0);
  gguf_set_val_str(file, "tokenizer.ggml.model", "llama");
  gguf_set_arr_str(file, "tokenizer.ggml.tokens", names.data(), names.size());
  gguf_set_arr_data(file, "tokenizer.ggml.scores", GGUF_TYPE_FLOAT32, scores.data(), scores.size());
  gguf_set_arr_data(file, "tokenizer.ggml.token_type", GGUF_TYPE_INT32, types.data(), types.size());
  gguf_set_val_u32(file, "tokenizer.ggml.unknown_token_id", 0);
  gguf_set_val_u32(file, "tokenizer.ggml.bos_token_id", 1);
  gguf_set_val_u32(file, "tokenizer.ggml.eos_token_id", kEnd);
  gguf_set_val_bool(file, "tokenizer.ggml.add_bos_token", true);
  gguf_set_val_bool(file, "tokenizer.ggml.add_space_prefix", false);
  gguf_set_val_str(file, "tokenizer.chat_template", kTemplate);
}

void set_shape(gguf_context* file) {
  gguf_set_val_str(file, "general.architecture", "llama");
  gguf_set_val_str(file, "general.name", "tiny");
  gguf_set_val_u32(file, "llama.vocab_size", kVocabulary);
  gguf_set_val_u32(file, "llama.context_length", 8192);
  gguf_set_val_u32(file, "llama.embedding_length", kWidth);
  gguf_set_val_u32(file, "llama.block_count", 1);
  gguf_set_val_u32(file, "llama.feed_forward_length", kHidden);
  gguf_set_val_u32(file, "llama.attention.head_count", kHeads);
  gguf_set_val_u32(file, "llama.attention.head_count_kv", kHeads);
  gguf_set_val_u32(file, "llama.rope.dimension_count", kWidth / kHeads);
  gguf_set_val_f32(file, "llama.attention.layer_norm_rms_epsilon", 1e-5F);
}

class Weights {
 public:
  Weights(ggml_context* memory, gguf_context* file) : memory_(memory), file_(file) {}

  float* constant(const char* name, int columns, float value) {
    return add(name, columns, 1, [&] { return value; });
  }
  float* random(const char* name, int columns, int rows, float deviation) {
    std::normal_distribution<float> distribution(0, deviation);
    return add(name, columns, rows, [&] { return distribution(generator_); });
  }
  float* signs(const char* name, int columns, int rows) {
    std::bernoulli_distribution coin;
    return add(name, columns, rows, [&] { return coin(generator_) ? 1.0F : -1.0F; });
  }

 private:
  template <class Next>
  float* add(const char* name, int columns, int rows, Next next) {
    ggml_tensor* tensor = rows == 1 ? ggml_new_tensor_1d(memory_, GGML_TYPE_F32, columns)
                                    : ggml_new_tensor_2d(memory_, GGML_TYPE_F32, columns, rows);
    ggml_set_name(tensor, name);
    auto* values = static_cast<float*>(tensor->data);
    for (int i = 0; i < columns * rows; ++i) values[i] = next();
    gguf_add_tensor(file_, tensor);
    return values;
  }

  ggml_context* memory_;
  gguf_context* file_;
  std::mt19937 generator_{7};  // NOLINT(bugprone-random-generator-seed): the same file every time
};

/// Makes `next` the most likely token after `before`.
void lead(float* output, const float* embedding, int before, int next) {
  std::copy_n(embedding + before * kWidth, kWidth, output + next * kWidth);
}

}  // namespace

void write_tiny_llm(const std::filesystem::path& path) {
  const std::unique_ptr<ggml_context, GgmlDeleter> memory(
      ggml_init({.mem_size = 16UL << 20U, .mem_buffer = nullptr, .no_alloc = false}));
  const std::unique_ptr<gguf_context, GgufDeleter> file(gguf_init_empty());
  set_shape(file.get());
  set_vocabulary(file.get());
  Weights weights(memory.get(), file.get());
  constexpr float kNoise = 0.001F;
  const float* embedding = weights.signs("token_embd.weight", kWidth, kVocabulary);
  float* output = weights.random("output.weight", kWidth, kVocabulary, kNoise);
  weights.constant("output_norm.weight", kWidth, 1);
  weights.constant("blk.0.attn_norm.weight", kWidth, 1);
  weights.constant("blk.0.ffn_norm.weight", kWidth, 1);
  for (const char* const name : {"attn_q", "attn_k", "attn_v", "attn_output"})
    weights.random(fmt::format("blk.0.{}.weight", name).c_str(), kWidth, kWidth, kNoise);
  weights.random("blk.0.ffn_gate.weight", kWidth, kHidden, kNoise);
  weights.random("blk.0.ffn_up.weight", kWidth, kHidden, kNoise);
  weights.random("blk.0.ffn_down.weight", kHidden, kWidth, kNoise);
  lead(output, embedding, kFirstByte + '\n', kFirstPiece);
  for (int piece = kFirstPiece; piece + 1 < kVocabulary; ++piece) lead(output, embedding, piece, piece + 1);
  lead(output, embedding, kVocabulary - 1, kEnd);
  if (!gguf_write_to_file(file.get(), path.c_str(), false))
    throw std::runtime_error("cannot write the tiny model to " + path.string());
}

}  // namespace kefu::answer::testing
