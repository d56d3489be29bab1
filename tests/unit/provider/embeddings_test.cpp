#include <kefu/provider/embeddings.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace kefu::provider {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(EmbeddingsRequest, HasTheFieldsOfOpenAi) {
  const auto body = nlohmann::json::parse(
      embeddings_request({.model = "m", .input = {"退货", "a \"quote\""}, .dimensions = 256}));
  EXPECT_EQ(
      body,
      nlohmann::json::parse(
          R"({"model":"m","input":["退货","a \"quote\""],"encoding_format":"float","dimensions":256})"));
  const auto plain = nlohmann::json::parse(
      embeddings_request({.model = "m", .input = {"a"}, .encoding = VectorEncoding::base64}));
  EXPECT_EQ(plain.at("encoding_format"), "base64");
  EXPECT_FALSE(plain.contains("dimensions"));
  const auto plainer = nlohmann::json::parse(
      embeddings_request({.model = "m", .input = {"a"}, .encoding = VectorEncoding::unsaid}));
  EXPECT_FALSE(plainer.contains("encoding_format"));
}

TEST(ParseEmbeddings, PutsVectorsInTheOrderOfTheInput) {
  const auto parsed = parse_embeddings(
      R"({"object":"list","data":[{"index":1,"embedding":[3,4]},{"index":0,"embedding":[0.5,-1e-2]}],
          "usage":{"prompt_tokens":7,"total_tokens":7}})",
      2, 0);
  ASSERT_TRUE(parsed);
  EXPECT_THAT(parsed->vectors[0], ElementsAre(0.5F, -0.01F));
  EXPECT_THAT(parsed->vectors[1], ElementsAre(3.0F, 4.0F));
  EXPECT_EQ(parsed->tokens, 7U);
}

TEST(ParseEmbeddings, TakesBase64WithAndWithoutPadding) {
  // 1.0 and -2.0; 1.0 alone, which needs padding.
  const auto parsed = parse_embeddings(R"({"data":[{"index":0,"embedding":"AACAPwAAAMA="}]})", 1, 2);
  ASSERT_TRUE(parsed) << parsed.error().detail;
  EXPECT_THAT(parsed->vectors[0], ElementsAre(1.0F, -2.0F));
  EXPECT_FALSE(parsed->tokens);
  EXPECT_TRUE(parse_embeddings(R"({"data":[{"index":0,"embedding":"AACAPw"}]})", 1, 1));
  EXPECT_TRUE(parse_embeddings(R"({"data":[{"index":0,"embedding":"AACAPw=="}]})", 1, 1));
}

struct Refusal {
  const char* body;
  const char* reason;
};

TEST(ParseEmbeddings, RefusesWhatIsNotOneVectorForEachInput) {
  constexpr std::size_t kInputs = 2;
  for (const auto& [body, reason] : std::initializer_list<Refusal>{
           {"", "not a JSON object"},
           {"<html>", "not a JSON object"},
           {"[]", "not a JSON object"},
           {R"({"data":[{"index":0,"embed)", "not a JSON object"},
           {R"({"error":{"message":"no"}})", "no data"},
           {R"({"data":{}})", "no data"},
           {R"({"data":[{"index":0,"embedding":[1]}]})", "1 vectors for 2 inputs"},
           {R"({"data":[{"embedding":[1]},{"index":1,"embedding":[1]}]})", "no index"},
           {R"({"data":[{"index":-1,"embedding":[1]},{"index":1,"embedding":[1]}]})", "no index"},
           {R"({"data":[{"index":1,"embedding":[1]},{"index":1,"embedding":[1]}]})",
            "the index 1 comes twice"},
           {R"({"data":[{"index":2,"embedding":[1]},{"index":1,"embedding":[1]}]})",
            "an index 2 of 2 inputs"},
           {R"({"data":[3,4]})", "not an object"},
           {R"({"data":[{"index":0},{"index":1}]})", "no embedding"},
           {R"({"data":[{"index":0,"embedding":null},{"index":1}]})", "neither numbers nor base64"},
           {R"({"data":[{"index":0,"embedding":[1,2]},{"index":1,"embedding":[1]}]})",
            "1 dimensions instead of 2"},
           {R"({"data":[{"index":0,"embedding":[]},{"index":1,"embedding":[]}]})", "no components"},
           {R"({"data":[{"index":0,"embedding":[null]},{"index":1,"embedding":[1]}]})", "not a number"},
           {R"({"data":[{"index":0,"embedding":[1e39]},{"index":1,"embedding":[1]}]})", "not finite"},
           {R"({"data":[{"index":0,"embedding":[NaN]},{"index":1,"embedding":[1]}]})", "not a JSON object"},
           {R"({"data":[{"index":0,"embedding":[1e999]},{"index":1,"embedding":[1]}]})", "not a JSON object"},
           {R"({"data":[{"index":0,"embedding":"AADAfw=="},{"index":1,"embedding":[1]}]})", "not finite"},
           {R"({"data":[{"index":0,"embedding":[0,-0.0]},{"index":1,"embedding":[1,1]}]})", "all zero"},
           {R"({"data":[{"index":0,"embedding":"AACA"},{"index":1,"embedding":[1]}]})", "not base64"},
           {R"({"data":[{"index":0,"embedding":"AAC*Pw=="},{"index":1,"embedding":[1]}]})", "not base64"},
           {R"({"data":[{"index":0,"embedding":"A"},{"index":1,"embedding":[1]}]})", "not base64"},
           {R"({"data":[{"index":0,"embedding":""},{"index":1,"embedding":[1]}]})", "no components"},
       }) {
    const auto parsed = parse_embeddings(body, kInputs, 0);
    ASSERT_FALSE(parsed) << body;
    EXPECT_EQ(parsed.error().code, Errc::bad_upstream);
    EXPECT_THAT(parsed.error().detail, HasSubstr(reason)) << body;
  }
}

TEST(ParseEmbeddings, RefusesOtherDimensionsThanThoseAgreed) {
  const auto parsed = parse_embeddings(R"({"data":[{"index":0,"embedding":[1,2,3]}]})", 1, 4);
  ASSERT_FALSE(parsed);
  EXPECT_THAT(parsed.error().detail, HasSubstr("3 dimensions instead of 4"));
}

TEST(ParseEmbeddings, DoesWithoutUsageThatMakesNoSense) {
  for (const auto* const usage :
       {"null", "7", "{}", R"({"prompt_tokens":-1})", R"({"prompt_tokens":"7"})",
        R"({"prompt_tokens":0,"total_tokens":0})", R"({"prompt_tokens":18446744073709551615})"}) {
    const auto parsed = parse_embeddings(
        std::string(R"({"data":[{"index":0,"embedding":[1]}],"usage":)") + usage + "}", 1, 0);
    ASSERT_TRUE(parsed) << usage;
    EXPECT_FALSE(parsed->tokens) << usage;
  }
}

}  // namespace
}  // namespace kefu::provider
