#include "bert_kernels_plain.hpp"
#include "llama_bert_file.hpp"
#include "llama_embedder.hpp"

#include <kefu/testing/process.hpp>
#include <kefu/testing/run_task.hpp>
#include <kefu/testing/tiny_gguf.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <numeric>
#include <sstream>

namespace kefu::embedding {
namespace {

using kefu::testing::TinyGguf;

constexpr int kWidth = 64;
constexpr int kHidden = 96;
constexpr int kHeads = 2;
constexpr int kLayers = 2;
constexpr int kPositions = 64;
constexpr int kTypes = 2;
constexpr int kMean = 1;
constexpr int kFirst = 2;

double cosine(const Vector& a, const Vector& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

void add_norm(TinyGguf& model, const std::string& name) {
  model.random(name + ".bias", kWidth, 1, 0.2F);
  float* const weights = model.random(name + ".weight", kWidth, 1, 0.2F);
  for (int i = 0; i < kWidth; ++i) weights[i] += 1;
}

void add_matrix(TinyGguf& model, const std::string& name, int inputs, int outputs) {
  model.random(name + ".weight", inputs, outputs, 0.3F);
  model.random(name + ".bias", outputs, 1, 0.3F);
}

/// BERT with weights of 32 bits.
void fill(TinyGguf& model, int pooling) {
  model.shape("context_length", kPositions);
  model.shape("embedding_length", kWidth);
  model.shape("feed_forward_length", kHidden);
  model.shape("block_count", kLayers);
  model.shape("attention.head_count", kHeads);
  model.shape("attention.layer_norm_epsilon", 1e-5F);
  model.shape("attention.causal", false);
  model.shape("pooling_type", pooling);
  model.set_vocabulary();
  model.set("tokenizer.ggml.token_type_count", 2);
  model.set("tokenizer.ggml.add_eos_token", true);
  model.random("token_embd.weight", kWidth, TinyGguf::kFirstPiece, 1);
  model.random("position_embd.weight", kWidth, kPositions, 0.3F);
  add_norm(model, "token_embd_norm");
  for (int i = 0; i < kLayers; ++i) {
    const std::string layer = "blk." + std::to_string(i) + ".";
    for (const char* name : {"attn_q", "attn_k", "attn_v", "attn_output"})
      add_matrix(model, layer + name, kWidth, kWidth);
    add_norm(model, layer + "attn_output_norm");
    add_matrix(model, layer + "ffn_up", kWidth, kHidden);
    add_matrix(model, layer + "ffn_down", kHidden, kWidth);
    add_norm(model, layer + "layer_output_norm");
  }
  model.random("token_types.weight", kWidth, kTypes, 0.3F);  // last: see LeaveToLlamaCppATensorWithoutRows
}

/// Kefu's own engine, with each set of instructions that this machine has, beside llama.cpp on the same
/// files.
class LocalEngines : public ::testing::Test {
 protected:
  std::unique_ptr<LlamaEmbedder> load(const std::string& path, LocalEngine engine) {
    auto loaded = LlamaEmbedder::load(
        {.model_path = path, .query_prefix = "", .passage_prefix = "", .workers = 1, .engine = engine}, log);
    EXPECT_TRUE(loaded) << loaded.error().message;
    return loaded ? *std::move(loaded) : nullptr;
  }

  Vector embed(LlamaEmbedder& embedder, const std::string& text) {
    std::vector<ModelInput> inputs;
    inputs.push_back(embedder.prepare(text, Role::passage));
    auto results = kefu::testing::run_task(
        io, embedder.embed(std::move(inputs), Deadline::in(std::chrono::seconds(60))));
    EXPECT_TRUE(results[0]);
    return results[0] ? results[0]->vector : Vector();
  }

  void expect_agreement(const std::string& path, const std::vector<std::string>& texts,
                        const std::vector<const bert::Kernels*>& all_kernels = bert::runnable_kernels()) {
    const auto llama = load(path, LocalEngine::llama);
    const auto own = load(path, LocalEngine::automatic);
    const auto model = read_bert(path);
    ASSERT_TRUE(llama && own && model);
    EXPECT_EQ(llama->model().fingerprint, own->model().fingerprint);
    EXPECT_EQ(llama->model().dimensions, own->model().dimensions);
    EXPECT_EQ(llama->model().max_tokens, own->model().max_tokens);
    for (const std::string& text : texts) {
      const Vector theirs = embed(*llama, text);
      EXPECT_GE(cosine(embed(*own, text), theirs), 0.999) << text;
      const ModelInput input = own->prepare(text, Role::passage);
      for (const bert::Kernels* const kernels : all_kernels) {
        bert::Encoder encoder(*model, *kernels);
        const float* const pooled = encoder.encode(std::get<ModelInput::Tokens>(input.content));
        Vector ours(pooled, pooled + model->shape.width);
        const double length = std::sqrt(cosine(ours, ours));
        EXPECT_GE(cosine(ours, theirs) / length, 0.999) << kernels->name << ": " << text;
      }
    }
  }

  /// Why neither engine takes the file.
  Error refusal(const std::string& path) {
    auto loaded = LlamaEmbedder::load(
        {.model_path = path, .query_prefix = "", .passage_prefix = "", .workers = 1}, log);
    EXPECT_FALSE(loaded);
    if (loaded) return {};
    EXPECT_TRUE(loaded.error().message.contains(path)) << loaded.error().message;
    return loaded.error();
  }

  /// Where it has written a model, changed before that.
  std::string tiny(int pooling, const std::function<void(TinyGguf&)>& change = [](TinyGguf&) {}) {
    TinyGguf model("bert", 16UL << 20U);
    fill(model, pooling);
    change(model);
    const auto path = directory.path() / "tiny.gguf";
    model.write(path);
    return path;
  }

  static inline asio::io_context io;
  kefu::testing::TemporaryDirectory directory;
  static inline const telemetry::Logger log{"test", telemetry::Level::error, [](std::string_view) {}};
};

TEST_F(LocalEngines, AgreeOnTheDefaultModel) {
  if (!std::filesystem::exists(KEFU_TEST_MODEL))
    FAIL() << "no " << KEFU_TEST_MODEL << ": run deploy/model/fetch-model.sh";
  auto fast_kernels = bert::runnable_kernels();
  fast_kernels.erase(fast_kernels.begin());
  std::string longest = "本店支持七天无理由退货,商品须保持完好。";
  while (longest.size() < 1200) longest += " Refunds are paid within 3 days; 运费由买家承担。";
  expect_agreement(KEFU_TEST_MODEL,
                   {"a", "退", "怎么退货?", "query: 买了一周的鞋子还能退吗?",
                    "What is your refund policy for orders that were shipped abroad?",
                    "A3-100 v2.1 (2024-05-06) ¥1,299.00 😀", longest},
                   fast_kernels);
}

TEST_F(LocalEngines, AgreeOnTheMeanOfAModelOfFloats) {
  expect_agreement(tiny(kMean), {"a", "ab", "a sentence of some length", std::string(60, 'x')});
}

TEST_F(LocalEngines, AgreeOnTheFirstTokenOfAModelOfFloats) {
  expect_agreement(tiny(kFirst), {"a", "ab", "a sentence of some length", std::string(60, 'x')});
}

TEST_F(LocalEngines, GiveATextTheSameVectorAfterALongerOne) {
  const auto own = load(tiny(kMean), LocalEngine::automatic);
  ASSERT_TRUE(own);
  const Vector first = embed(*own, "short");
  embed(*own, std::string(61, 'y'));
  EXPECT_EQ(embed(*own, "short"), first);
}

TEST_F(LocalEngines, RefuseTokensThatHaveNoVector) {
  const auto own = load(tiny(kMean), LocalEngine::automatic);
  ASSERT_TRUE(own);
  std::vector<ModelInput> inputs;
  for (const std::int32_t token : {-1, TinyGguf::kFirstPiece, 0x7fffffff})
    inputs.push_back({.content = ModelInput::Tokens{0, token}, .tokens = 2});
  for (const auto& result :
       kefu::testing::run_task(io, own->embed(std::move(inputs), Deadline::in(std::chrono::seconds(60)))))
    EXPECT_FALSE(result);
}

TEST_F(LocalEngines, NameTheFileWhoseNumbersAreNone) {
  for (const char* tensor : {"token_embd.weight", "position_embd.weight", "blk.1.ffn_up.weight",
                             "blk.0.attn_k.bias", "blk.1.layer_output_norm.weight"}) {
    for (const float value : {std::nanf(""), -INFINITY}) {
      const std::string path =
          tiny(kMean, [&](TinyGguf& model) { model.values(tensor)[kWidth / 2] = value; });
      EXPECT_FALSE(read_bert(path)) << tensor;
      EXPECT_EQ(refusal(path).code, Errc::data_corrupt) << tensor;
    }
  }
}

TEST_F(LocalEngines, NameTheFileThatGivesNoVectors) {
  if (bert::kernels_of_this_machine() == nullptr) return;  // llama.cpp asserts what it computes with
  refusal(tiny(kMean, [](TinyGguf& model) { model.shape("attention.layer_norm_epsilon", std::nanf("")); }));
  refusal(tiny(kMean, [](TinyGguf& model) { model.shape("attention.layer_norm_epsilon", -1e9F); }));
}

TEST_F(LocalEngines, LeaveToLlamaCppWhatTheyDoNotKnow) {
  EXPECT_TRUE(read_bert(tiny(kMean)));
  const auto refused = [this](const std::function<void(TinyGguf&)>& change) {
    return read_bert(tiny(kMean, change)) == nullptr;
  };
  EXPECT_TRUE(refused([](TinyGguf& model) { model.shape("rope.freq_base", 10000.0F); }));
  EXPECT_TRUE(refused([](TinyGguf& model) { model.shape("attention.causal", true); }));
  EXPECT_TRUE(refused([](TinyGguf& model) { model.shape("attention.head_count_kv", 1); }));
  EXPECT_TRUE(refused([](TinyGguf& model) { model.shape("attention.head_count_kv", "2"); }));
  EXPECT_TRUE(refused([](TinyGguf& model) { model.shape("attention.head_count", 0); }));
  EXPECT_TRUE(refused([](TinyGguf& model) { model.shape("attention.head_count", 4); }));  // 16 wide
  EXPECT_TRUE(refused([](TinyGguf& model) { model.shape("attention.head_count", 3); }));
  for (const char* key : {"embedding_length", "feed_forward_length", "block_count", "context_length"}) {
    EXPECT_TRUE(refused([&](TinyGguf& model) { model.shape(key, 0); })) << key;
    EXPECT_TRUE(refused([&](TinyGguf& model) { model.shape(key, 0xffffffe0U); })) << key;
  }
  EXPECT_TRUE(refused([](TinyGguf& model) { model.shape("block_count", 3); }));
  EXPECT_TRUE(refused([](TinyGguf& model) { model.shape("block_count", 1); }));
  EXPECT_TRUE(refused([](TinyGguf& model) { model.shape("feed_forward_length", 64); }));
  EXPECT_TRUE(refused([](TinyGguf& model) { model.shape("context_length", 65); }));
  EXPECT_TRUE(refused([](TinyGguf& model) { model.shape("pooling_type", 4); }));  // a reranker
  EXPECT_TRUE(refused([](TinyGguf& model) { model.set("general.architecture", "nomic-bert"); }));
  EXPECT_TRUE(refused([](TinyGguf& model) { model.random("blk.0.attn_q_norm.weight", kWidth, 1, 1); }));
  EXPECT_TRUE(refused([](TinyGguf& model) { model.values("blk.0.ffn_up.weight")[1] = 1e9F; }));  // for 8 bits
}

TEST_F(LocalEngines, LeaveToLlamaCppATensorWithoutRows) {
  const std::string path = tiny(kMean);
  std::ostringstream content;
  content << std::ifstream(path, std::ios::binary).rdbuf();
  std::string bytes = content.str();
  constexpr std::string_view kName = "token_types.weight";
  const std::size_t named = bytes.find(kName);
  ASSERT_NE(named, std::string::npos);
  const std::size_t rows = named + kName.size() + sizeof(std::uint32_t) + sizeof(std::uint64_t);
  ASSERT_EQ(bytes[rows], kTypes);
  bytes[rows] = 0;
  bytes.resize(bytes.size() - kWidth * kTypes * sizeof(float));  // the file ends where the tensor begins
  std::ofstream(path, std::ios::binary) << bytes;
  EXPECT_FALSE(read_bert(path));
  refusal(path);
}

TEST_F(LocalEngines, LeaveToLlamaCppAFileThatIsMissingOrCutShort) {
  EXPECT_FALSE(read_bert(directory.path() / "none.gguf"));
  EXPECT_FALSE(read_bert(directory.path()));
  const std::string path = tiny(kMean);
  for (std::uintmax_t size = std::filesystem::file_size(path); size > 0; size = size * 2 / 3) {
    std::filesystem::resize_file(path, size - 1);
    EXPECT_FALSE(read_bert(path)) << size;
  }
}

}  // namespace
}  // namespace kefu::embedding
