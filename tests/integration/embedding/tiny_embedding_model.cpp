#include "tiny_embedding_model.hpp"

#include <fmt/format.h>
#include <ggml.h>
#include <gguf.h>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace kefu::embedding::testing {
namespace {

constexpr int kWidth = kTinyDimensions;
constexpr int kContext = kTinyMaxTokens;
constexpr int kHidden = 64;
constexpr int kHeads = 12;
constexpr int kHeadWidth = kWidth / kHeads;
constexpr int kBytes = 256;
constexpr int kFirstByte = 3;
constexpr int kVocabulary = kFirstByte + kBytes;

enum TokenType : std::int32_t { unknown = 2, control = 3, byte = 6 };

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
  std::vector<const char*> names;
  for (const std::string& token : tokens) names.push_back(token.c_str());
  const std::vector<float> scores(tokens.size(), 0);
  gguf_set_val_str(file, "tokenizer.ggml.model", "llama");
  gguf_set_arr_str(file, "tokenizer.ggml.tokens", names.data(), names.size());
  gguf_set_arr_data(file, "tokenizer.ggml.scores", GGUF_TYPE_FLOAT32, scores.data(), scores.size());
  gguf_set_arr_data(file, "tokenizer.ggml.token_type", GGUF_TYPE_INT32, types.data(), types.size());
  gguf_set_val_u32(file, "tokenizer.ggml.token_type_count", 1);
  gguf_set_val_u32(file, "tokenizer.ggml.unknown_token_id", 0);
  gguf_set_val_u32(file, "tokenizer.ggml.bos_token_id", 1);
  gguf_set_val_u32(file, "tokenizer.ggml.eos_token_id", 2);
  gguf_set_val_bool(file, "tokenizer.ggml.add_bos_token", true);
  gguf_set_val_bool(file, "tokenizer.ggml.add_eos_token", true);
  gguf_set_val_bool(file, "tokenizer.ggml.add_space_prefix", false);
}

void set_shape(gguf_context* file) {
  gguf_set_val_str(file, "general.architecture", "bert");
  gguf_set_val_str(file, "general.name", "tiny-embedding");
  gguf_set_val_u32(file, "bert.context_length", kContext);
  gguf_set_val_u32(file, "bert.embedding_length", kWidth);
  gguf_set_val_u32(file, "bert.block_count", 1);
  gguf_set_val_u32(file, "bert.feed_forward_length", kHidden);
  gguf_set_val_u32(file, "bert.attention.head_count", kHeads);
  gguf_set_val_u32(file, "bert.attention.head_count_kv", 1);
  gguf_set_val_f32(file, "bert.attention.layer_norm_epsilon", 1e-5F);
  gguf_set_val_bool(file, "bert.attention.causal", false);
  gguf_set_val_u32(file, "bert.pooling_type", 1);  // mean
}

class Weights {
 public:
  Weights(ggml_context* memory, gguf_context* file) : memory_(memory), file_(file) {}

  void random(const char* name, int columns, int rows, float size) {
    add(name, columns, rows, [&] { return size * next_random(); });
  }
  void norm(const char* name) {
    add(fmt::format("{}.weight", name).c_str(), kWidth, 1, [] { return 1.0F; });
    add(fmt::format("{}.bias", name).c_str(), kWidth, 1, [] { return 0.0F; });
  }

 private:
  template <class Next>
  void add(const char* name, int columns, int rows, Next next) {
    ggml_tensor* tensor = rows == 1 ? ggml_new_tensor_1d(memory_, GGML_TYPE_F32, columns)
                                    : ggml_new_tensor_2d(memory_, GGML_TYPE_F32, columns, rows);
    ggml_set_name(tensor, name);
    auto* values = static_cast<float*>(tensor->data);
    for (int i = 0; i < columns * rows; ++i) values[i] = next();
    gguf_add_tensor(file_, tensor);
  }
  /// In [-1, 1), the same every time, and quick without optimisation.
  float next_random() {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return static_cast<float>(static_cast<std::int32_t>(state_ >> 32U)) / 2147483648.0F;
  }

  ggml_context* memory_;
  gguf_context* file_;
  std::uint64_t state_ = 7;
};

}  // namespace

void write_tiny_embedding_model(const std::filesystem::path& path) {
  const std::unique_ptr<ggml_context, GgmlDeleter> memory(
      ggml_init({.mem_size = 64UL << 20U, .mem_buffer = nullptr, .no_alloc = false}));
  const std::unique_ptr<gguf_context, GgufDeleter> file(gguf_init_empty());
  set_shape(file.get());
  set_vocabulary(file.get());
  Weights weights(memory.get(), file.get());
  constexpr float kSmall = 0.02F;
  weights.random("token_embd.weight", kWidth, kVocabulary, 1);
  weights.random("token_types.weight", kWidth, 1, kSmall);
  weights.random("position_embd.weight", kWidth, kContext, kSmall);
  weights.norm("token_embd_norm");
  weights.random("blk.0.attn_q.weight", kWidth, kWidth, kSmall);
  weights.random("blk.0.attn_k.weight", kWidth, kHeadWidth, kSmall);
  weights.random("blk.0.attn_v.weight", kWidth, kHeadWidth, kSmall);
  weights.random("blk.0.attn_output.weight", kWidth, kWidth, kSmall);
  weights.norm("blk.0.attn_output_norm");
  weights.random("blk.0.ffn_up.weight", kWidth, kHidden, kSmall);
  weights.random("blk.0.ffn_down.weight", kHidden, kWidth, kSmall);
  weights.norm("blk.0.layer_output_norm");
  if (!gguf_write_to_file(file.get(), path.c_str(), false))
    throw std::runtime_error("cannot write the tiny model to " + path.string());
}

}  // namespace kefu::embedding::testing
