#include "embeddings_json.hpp"

#include <kefu/vector/codec.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace kefu::gateway {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

std::string refusal(const json& body) {
  const auto request = parse_embeddings_request(body.dump());
  return request ? "" : request.error().message;
}

TEST(EmbeddingsJson, ReadsOneTextOrAListAsQueries) {
  const auto request =
      parse_embeddings_request(R"({"input":["奥运会","亚运会"],"model":"any","encoding_format":"float"})");
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->texts_size(), 2);
  EXPECT_EQ(request->role(), kefu::v1::TEXT_ROLE_QUERY);
  EXPECT_EQ(parse_embeddings_request(R"({"input":"奥运会"})")->texts_size(), 1);
}

TEST(EmbeddingsJson, RefusesWhatItCannotEmbedOrEncode) {
  EXPECT_THAT(refusal({{"model", "m"}}), HasSubstr("\"input\" is missing"));
  EXPECT_THAT(refusal({{"input", json::array()}}), HasSubstr("\"input\" is empty"));
  EXPECT_THAT(refusal({{"input", ""}}), HasSubstr("empty text"));
  EXPECT_THAT(refusal({{"input", std::vector<std::string>(65, "a")}}), HasSubstr("at most 64"));
  EXPECT_THAT(refusal({{"input", std::string(8001, 'a')}}), HasSubstr("8000"));
  EXPECT_THAT(refusal({{"input", "a"}, {"encoding_format", "base64"}}), HasSubstr("\"encoding_format\""));
  EXPECT_THAT(refusal({{"input", {1, 2}}}), HasSubstr("strings only"));
}

TEST(EmbeddingsJson, WritesVectorsOfEitherFormatInOrder) {
  for (const auto format : {kefu::v1::VECTOR_FORMAT_FLOAT32, kefu::v1::VECTOR_FORMAT_FLOAT16}) {
    kefu::v1::EmbedResponse response;
    response.set_format(format);
    response.set_dimensions(2);
    response.set_vectors(vector::encode(std::vector<float>{1.0F, -0.5F, 0.25F, 0.0F}, format));
    response.set_model_fingerprint("e5 \"small\"");
    response.mutable_usage()->set_embedding_tokens(5);
    response.mutable_usage()->set_saved_tokens(4);
    const json body = json::parse(*embeddings_json(response, 2));
    EXPECT_EQ(body["object"], "list");
    EXPECT_EQ(body["data"][0], (json{{"object", "embedding"}, {"index", 0}, {"embedding", {1.0, -0.5}}}));
    EXPECT_EQ(body["data"][1]["embedding"], (json{0.25, 0.0}));
    EXPECT_EQ(body["model"], "e5 \"small\"");
    EXPECT_EQ(body["usage"]["prompt_tokens"], 9);
    EXPECT_EQ(body["usage"]["total_tokens"], 9);
  }
}

TEST(EmbeddingsJson, RefusesVectorsThatAreNotWhole) {
  kefu::v1::EmbedResponse response;
  response.set_format(kefu::v1::VECTOR_FORMAT_FLOAT32);
  response.set_dimensions(2);
  response.set_vectors(std::string(12, '\0'));
  EXPECT_EQ(embeddings_json(response, 2).error().code, Errc::bad_upstream);
  response.set_dimensions(0);
  response.set_vectors("");
  EXPECT_EQ(embeddings_json(response, 2).error().code, Errc::bad_upstream);
}

}  // namespace
}  // namespace kefu::gateway
