#include "token_estimate.hpp"

#include "llama_embedder.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace kefu::embedding {
namespace {

TEST(EstimateTokens, CountsByWhatATextIsMadeOf) {
  EXPECT_EQ(estimate_tokens(""), 0U);
  EXPECT_EQ(estimate_tokens("the cat"), 2U);
  EXPECT_EQ(estimate_tokens("international"), 5U);
  EXPECT_EQ(estimate_tokens("the 4 | 退"), 8U);
  EXPECT_EQ(estimate_tokens("2024"), 5U);
  EXPECT_EQ(estimate_tokens("退货运费"), 7U);
  EXPECT_EQ(estimate_tokens("退货。"), 6U);
  EXPECT_EQ(estimate_tokens("é"), 2U);
  EXPECT_EQ(estimate_tokens("да"), 5U);
  EXPECT_EQ(estimate_tokens("😀"), 5U);
}

TEST(EstimateTokens, GivesTextsJoinedNoMoreThanTheirSum) {
  for (const std::string a : {"query: ", "abcd", "退货的", "7"}) {
    for (const std::string b : {"abc", "货", " 8", "?"})
      EXPECT_LE(estimate_tokens(a + b), estimate_tokens(a) + estimate_tokens(b));
  }
}

TEST(EstimateTokens, ReadsBrokenTextToItsEnd) {
  for (const std::string text : {"\xF0", "a\xE9\x80", "\x80\x80", "\xFF\xFF"})
    EXPECT_GT(estimate_tokens(text), 0U);
}

TEST(EstimateTokens, ErrsUpwardsAndNotByMuchForProse) {
  const telemetry::Logger log{"test", telemetry::Level::error, [](std::string_view) {}};
  const auto model = LlamaEmbedder::load({.model_path = KEFU_TEST_MODEL}, log);
  ASSERT_TRUE(model) << model.error().message;
  std::size_t lines = 0;
  std::size_t real = 0;
  std::size_t estimated = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(KEFU_SAMPLE)) {
    if (!file.is_regular_file()) continue;
    std::ifstream in(file.path());
    for (std::string line; std::getline(in, line);) {
      const std::size_t tokens = (*model)->count_tokens(line);
      const std::size_t estimate = estimate_tokens(line);
      EXPECT_GE(estimate, tokens) << line;
      real += tokens;
      estimated += estimate;
      ++lines;
    }
  }
  EXPECT_GT(lines, 200U);
  EXPECT_LT(estimated, real * 5 / 2);
}

}  // namespace
}  // namespace kefu::embedding
