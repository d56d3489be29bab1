#include "llama_embedder.hpp"

#include <kefu/testing/process.hpp>
#include <kefu/testing/run_task.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <numeric>

namespace kefu::embedding {
namespace {

const std::filesystem::path kModel = KEFU_TEST_MODEL;
constexpr auto kWithin = std::chrono::seconds(30);

/// With the default model; deploy/model/fetch-model.sh puts it there.
class LlamaEmbedderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kModel)) FAIL() << "no " << kModel << ": run deploy/model/fetch-model.sh";
  }

  /// Loading takes seconds under AddressSanitizer, so the tests share one.
  static LlamaEmbedder* shared() {
    static const std::unique_ptr<LlamaEmbedder> embedder = load({.model_path = kModel});
    return embedder.get();
  }
  static std::unique_ptr<LlamaEmbedder> load(LlamaOptions options) {
    auto loaded = LlamaEmbedder::load(std::move(options), log);
    EXPECT_TRUE(loaded) << loaded.error().message;
    return loaded ? *std::move(loaded) : nullptr;
  }
  std::vector<Vector> embed(LlamaEmbedder& embedder, const std::vector<std::string>& texts,
                            Role role = Role::query) {
    std::vector<ModelInput> inputs;
    for (const std::string& text : texts) inputs.push_back(embedder.prepare(text, role));
    std::vector<Vector> vectors;
    for (auto& result :
         kefu::testing::run_task(io, embedder.embed(std::move(inputs), Deadline::in(kWithin)))) {
      EXPECT_TRUE(result);
      vectors.push_back(result.value_or(TextVector{}).vector);
    }
    return vectors;
  }
  /// The default model with one piece of its header exchanged for another of the same length.
  std::string patched(std::string_view what, std::string_view with) {
    const auto path = directory.path() / "patched.gguf";
    std::filesystem::copy_file(kModel, path, std::filesystem::copy_options::overwrite_existing);
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    std::string head(4096, '\0');
    file.read(head.data(), static_cast<std::streamsize>(head.size()));
    const std::size_t at = head.find(what);
    EXPECT_NE(at, std::string::npos);
    file.seekp(static_cast<std::streamoff>(at));
    file.write(with.data(), static_cast<std::streamsize>(with.size()));
    return path;
  }
  Error refusal(const std::string& path) {
    auto loaded = LlamaEmbedder::load({.model_path = path}, log);
    EXPECT_FALSE(loaded);
    if (loaded) return {};
    EXPECT_NE(loaded.error().message.find(path), std::string::npos) << loaded.error().message;
    return loaded.error();
  }

  // Shared like the embedder, whose threads must not outlive it.
  static inline asio::io_context io;
  kefu::testing::TemporaryDirectory directory;
  static inline const telemetry::Logger log{"test", telemetry::Level::error, [](std::string_view) {}};
};

float cosine(const Vector& a, const Vector& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0F);
}

TEST_F(LlamaEmbedderTest, PutsTheOlympicsNearerToTheAsianGamesThanToTheUnderground) {
  LlamaEmbedder* const embedder = shared();
  ASSERT_TRUE(embedder);
  EXPECT_EQ(embedder->model().dimensions, 384U);
  EXPECT_EQ(embedder->model().max_tokens, 512U);
  const auto vectors = embed(*embedder, {"奥运会", "亚运会", "北京地铁"});
  for (const Vector& vector : vectors) EXPECT_NEAR(cosine(vector, vector), 1, 1e-5);
  EXPECT_NEAR(cosine(vectors[0], vectors[1]), 0.893, 0.01);
  EXPECT_NEAR(cosine(vectors[0], vectors[2]), 0.845, 0.01);
  EXPECT_NEAR(cosine(vectors[1], vectors[2]), 0.837, 0.01);
}

TEST_F(LlamaEmbedderTest, CountsTokensSoThatTextAndAddedOnesAreTheWholeInput) {
  LlamaEmbedder* const embedder = shared();
  ASSERT_TRUE(embedder);
  for (const std::string& text : {std::string("买了一周的鞋子还能退吗?"),
                                  std::string("What is your refund policy?"), std::string("A3-100")}) {
    for (const Role role : {Role::query, Role::passage}) {
      EXPECT_LE(embedder->prepare(text, role).tokens,
                embedder->count_tokens(text) + embedder->tokens_added());
      EXPECT_GE(embedder->prepare(text, role).tokens + 1,
                embedder->count_tokens(text) + embedder->tokens_added());
    }
  }
  EXPECT_EQ(embedder->count_tokens("</s>"), embedder->count_tokens("</s>"));
  EXPECT_GT(embedder->count_tokens("</s>"), 1U);  // the text, not the special token
}

TEST_F(LlamaEmbedderTest, TakesATextOfTheWholeLengthAndRefusesOneOfMore) {
  LlamaEmbedder* const embedder = shared();
  ASSERT_TRUE(embedder);
  std::string text;
  while (embedder->prepare(text + " 的", Role::passage).tokens <= 512) text += " 的";
  EXPECT_EQ(embedder->prepare(text, Role::passage).tokens, 512U);
  EXPECT_EQ(embed(*embedder, {text}, Role::passage)[0].size(), 384U);
  std::vector<ModelInput> longer;
  longer.push_back(embedder->prepare(text + " 的", Role::passage));
  EXPECT_FALSE(kefu::testing::run_task(io, embedder->embed(std::move(longer), Deadline::in(kWithin)))[0]);
}

TEST_F(LlamaEmbedderTest, GivesATextTheSameVectorWhateverCameBefore) {
  LlamaEmbedder* const embedder = shared();
  ASSERT_TRUE(embedder);
  const Vector first = embed(*embedder, {"运费谁出?"})[0];
  embed(*embedder, {"另外一句完全不同的话", "yet another one"});
  EXPECT_EQ(embed(*embedder, {"运费谁出?"})[0], first);
}

TEST_F(LlamaEmbedderTest, HasAnotherFingerprintWithOtherPrefixes) {
  ASSERT_TRUE(shared());
  const auto other = load({.model_path = kModel, .query_prefix = ""});
  ASSERT_TRUE(other);
  EXPECT_EQ(shared()->model().fingerprint.size(), 16U);
  EXPECT_NE(shared()->model().fingerprint, other->model().fingerprint);
}

TEST_F(LlamaEmbedderTest, SaysThatTheFileIsMissingOrNoModel) {
  const Error missing = refusal(directory.path() / "none.gguf");
  EXPECT_EQ(missing.code, Errc::not_found);
  EXPECT_TRUE(missing.message.ends_with("No such file or directory")) << missing.message;
  EXPECT_EQ(refusal(directory.path()).code, Errc::not_found);
  const auto text = directory.path() / "model.gguf";
  std::ofstream(text) << "this is no model";
  EXPECT_EQ(refusal(text).code, Errc::data_corrupt);
  std::ofstream(text, std::ios::trunc) << "GG";
  EXPECT_EQ(refusal(text).code, Errc::data_corrupt);
}

TEST_F(LlamaEmbedderTest, SaysThatTheFileIsCutShort) {
  const auto path = directory.path() / "cut.gguf";
  std::filesystem::copy_file(kModel, path);
  for (const std::uintmax_t size :
       {std::uintmax_t{60'000'000}, std::uintmax_t{1'000'000}, std::uintmax_t{20}}) {
    std::filesystem::resize_file(path, size);
    EXPECT_EQ(refusal(path).code, Errc::data_corrupt);
  }
}

TEST_F(LlamaEmbedderTest, SaysThatTheArchitectureIsUnknown) {
  using namespace std::string_view_literals;
  const Error error = refusal(patched("\x04\0\0\0\0\0\0\0bert"sv, "\x04\0\0\0\0\0\0\0zorg"sv));
  EXPECT_EQ(error.code, Errc::unsupported);
  EXPECT_NE(error.message.find("zorg"), std::string::npos) << error.message;
}

TEST_F(LlamaEmbedderTest, SaysThatTheModelHasNoPooling) {
  const Error error = refusal(patched("bert.pooling_type", "bert.pooling_typo"));
  EXPECT_EQ(error.code, Errc::unsupported);
  EXPECT_TRUE(error.message.ends_with("names no pooling")) << error.message;
}

}  // namespace
}  // namespace kefu::embedding
