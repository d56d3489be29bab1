#include "tiny_embedding_model.hpp"

#include <kefu/testing/tiny_gguf.hpp>

namespace kefu::embedding::testing {
namespace {

using kefu::testing::TinyGguf;

constexpr int kWidth = kTinyDimensions;
constexpr int kContext = kTinyMaxTokens;
constexpr int kHidden = 64;
constexpr int kHeads = 12;
constexpr int kHeadWidth = kWidth / kHeads;

void set_shape(TinyGguf& model, TinyPooling pooling) {
  model.shape("context_length", kContext);
  model.shape("embedding_length", kWidth);
  model.shape("block_count", 1);
  model.shape("feed_forward_length", kHidden);
  model.shape("attention.head_count", kHeads);
  model.shape("attention.head_count_kv", 1);
  model.shape("attention.layer_norm_epsilon", 1e-5F);
  model.shape("attention.causal", false);
  model.shape("pooling_type", static_cast<int>(pooling));
}

void add_norm(TinyGguf& model, const std::string& name) {
  model.constant(name + ".weight", kWidth, 1);
  model.constant(name + ".bias", kWidth, 0);
}

}  // namespace

void write_tiny_embedding_model(const std::filesystem::path& path, TinyPooling pooling) {
  TinyGguf model("bert", 64UL << 20U);
  set_shape(model, pooling);
  model.set_vocabulary();
  model.set("tokenizer.ggml.token_type_count", 1);
  model.set("tokenizer.ggml.add_eos_token", true);
  constexpr float kSmall = 0.02F;
  model.random("token_embd.weight", kWidth, TinyGguf::kFirstPiece, 1);
  model.random("token_types.weight", kWidth, 1, kSmall);
  model.random("position_embd.weight", kWidth, kContext, kSmall);
  add_norm(model, "token_embd_norm");
  model.random("blk.0.attn_q.weight", kWidth, kWidth, kSmall);
  model.random("blk.0.attn_k.weight", kWidth, kHeadWidth, kSmall);
  model.random("blk.0.attn_v.weight", kWidth, kHeadWidth, kSmall);
  model.random("blk.0.attn_output.weight", kWidth, kWidth, kSmall);
  add_norm(model, "blk.0.attn_output_norm");
  model.random("blk.0.ffn_up.weight", kWidth, kHidden, kSmall);
  model.random("blk.0.ffn_down.weight", kHidden, kWidth, kSmall);
  add_norm(model, "blk.0.layer_output_norm");
  model.write(path);
}

}  // namespace kefu::embedding::testing
