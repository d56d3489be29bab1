#include "tiny_llm.hpp"

#include <kefu/testing/tiny_gguf.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace kefu::answer::testing {
namespace {

using kefu::testing::TinyGguf;

constexpr int kWidth = 256;
constexpr int kHidden = 64;
constexpr int kHeads = 4;
constexpr int kPieces = kTinyAnswerTokens - 1;
constexpr int kVocabulary = TinyGguf::kFirstPiece + kPieces;

constexpr const char* kTemplate =
    "{% for message in messages %}{{ message['role'] + ': ' + message['content'] + '\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'assistant:\\n' }}{% endif %}";

void set_shape(TinyGguf& model) {
  model.shape("vocab_size", kVocabulary);
  model.shape("context_length", 8192);
  model.shape("embedding_length", kWidth);
  model.shape("block_count", 1);
  model.shape("feed_forward_length", kHidden);
  model.shape("attention.head_count", kHeads);
  model.shape("attention.head_count_kv", kHeads);
  model.shape("rope.dimension_count", kWidth / kHeads);
  model.shape("attention.layer_norm_rms_epsilon", 1e-5F);
}

/// Makes `next` the most likely token after `before`.
void lead(float* output, const float* embedding, int before, int next) {
  std::copy_n(embedding + before * kWidth, kWidth, output + next * kWidth);
}

}  // namespace

void write_tiny_llm(const std::filesystem::path& path) {
  const std::vector<std::string> pieces{"质量", "问题", "的", "运费", "由我们", "承担", "[1]", "。"};
  TinyGguf model("llama", 16UL << 20U);
  set_shape(model);
  model.set_vocabulary(pieces);
  model.set("tokenizer.chat_template", kTemplate);
  constexpr float kNoise = 0.001F;
  const float* embedding = model.signs("token_embd.weight", kWidth, kVocabulary);
  float* output = model.random("output.weight", kWidth, kVocabulary, kNoise);
  model.constant("output_norm.weight", kWidth, 1);
  model.constant("blk.0.attn_norm.weight", kWidth, 1);
  model.constant("blk.0.ffn_norm.weight", kWidth, 1);
  for (const std::string name : {"attn_q", "attn_k", "attn_v", "attn_output"})
    model.random("blk.0." + name + ".weight", kWidth, kWidth, kNoise);
  model.random("blk.0.ffn_gate.weight", kWidth, kHidden, kNoise);
  model.random("blk.0.ffn_up.weight", kWidth, kHidden, kNoise);
  model.random("blk.0.ffn_down.weight", kHidden, kWidth, kNoise);
  constexpr int kFirst = TinyGguf::kFirstPiece;
  lead(output, embedding, TinyGguf::kFirstByte + '\n', kFirst);
  for (int piece = kFirst; piece + 1 < kVocabulary; ++piece) lead(output, embedding, piece, piece + 1);
  lead(output, embedding, kVocabulary - 1, TinyGguf::kEnd);
  model.write(path);
}

}  // namespace kefu::answer::testing
