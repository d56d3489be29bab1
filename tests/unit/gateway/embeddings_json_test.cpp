#include "embeddings_json.hpp"

#include "base64.hpp"

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

TEST(EmbeddingsJson, ReadsOneTextOrAListAsPassagesUnlessTold) {
  const auto request =
      parse_embeddings_request(R"({"input":["奥运会","亚运会"],"model":"e5","encoding_format":"float"})");
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->texts.size(), 2U);
  EXPECT_EQ(request->role, kefu::v1::TEXT_ROLE_PASSAGE);
  EXPECT_EQ(request->model, "e5");
  const auto query = parse_embeddings_request(
      R"({"input":"奥运会","model":"default","input_type":"query","encoding_format":"base64","dimensions":2,"user":"u"})");
  ASSERT_TRUE(query) << query.error().message;
  EXPECT_EQ(query->role, kefu::v1::TEXT_ROLE_QUERY);
  EXPECT_EQ(query->model, "");
  EXPECT_TRUE(query->base64);
  EXPECT_EQ(query->dimensions, 2U);
}

TEST(EmbeddingsJson, RefusesWhatItCannotEmbedOrEncode) {
  EXPECT_THAT(refusal({{"model", "m"}}), HasSubstr("\"input\" is missing"));
  EXPECT_THAT(refusal({{"input", json::array()}}), HasSubstr("\"input\" is empty"));
  EXPECT_THAT(refusal({{"input", ""}}), HasSubstr("empty text"));
  EXPECT_THAT(refusal({{"input", std::vector<std::string>(2049, "a")}}), HasSubstr("at most 2048"));
  EXPECT_THAT(refusal({{"input", std::string(8001, 'a')}}), HasSubstr("8000"));
  EXPECT_THAT(refusal({{"input", "a"}, {"encoding_format", "int8"}}), HasSubstr("\"encoding_format\""));
  EXPECT_THAT(refusal({{"input", "a"}, {"input_type", "x"}}), HasSubstr("\"input_type\""));
  EXPECT_THAT(refusal({{"input", "a"}, {"dimensions", 0}}), HasSubstr("\"dimensions\""));
  EXPECT_THAT(refusal({{"input", {1, 2}}}), HasSubstr("\"input\" holds tokens"));
  EXPECT_THAT(refusal({{"input", {{1}, {2}}}}), HasSubstr("\"input\" holds tokens"));
  EXPECT_THAT(refusal({{"input", {"a", 2}}}), HasSubstr("strings only"));
}

TEST(EmbeddingsJson, KnowsOneModel) {
  kefu::v1::GetModelResponse model;
  model.set_model("e5");
  model.set_dimensions(384);
  EXPECT_TRUE(check_model({.texts = {}, .model = "e5", .dimensions = 384}, model));
  EXPECT_TRUE(check_model({.texts = {}}, model));
  EXPECT_EQ(check_model({.texts = {}, .model = "text-embedding-3-small"}, model).error().code,
            Errc::not_found);
  EXPECT_EQ(check_model({.texts = {}, .dimensions = 256}, model).error().code, Errc::invalid_argument);
}

TEST(EmbeddingsJson, SplitsTextsIntoCallsThatEmbeddingTakes) {
  EXPECT_EQ(texts_of_one_call(std::vector<std::string>(100, "a"), 0, 384), 64U);
  EXPECT_EQ(texts_of_one_call(std::vector<std::string>(100, "a"), 70, 384), 30U);
  EXPECT_EQ(texts_of_one_call(std::vector<std::string>(100, "a"), 0, 8192), 24U);
  EXPECT_EQ(texts_of_one_call(std::vector<std::string>(100, "a"), 0, 1 << 24), 1U);
  EXPECT_EQ(texts_of_one_call(std::vector<std::string>(9, std::string(32000, 'a')), 0, 384), 4U);
}

TEST(EmbeddingsJson, NamesTheInputThatACallRefused) {
  EXPECT_EQ(name_input({Errc::invalid_argument, "texts[3]: it is too long"}, 64).message,
            "field \"input[67]\": it is too long");
  EXPECT_EQ(name_input({Errc::overloaded, "texts[] busy"}, 64).message, "texts[] busy");
}

TEST(EmbeddingsJson, WritesVectorsOfEitherFormatInOrder) {
  for (const auto format : {kefu::v1::VECTOR_FORMAT_FLOAT32, kefu::v1::VECTOR_FORMAT_FLOAT16}) {
    kefu::v1::EmbedResponse response;
    response.set_format(format);
    response.set_dimensions(2);
    response.set_vectors(vector::encode(std::vector<float>{1.0F, -0.5F}, format));
    response.mutable_usage()->set_embedding_tokens(5);
    response.mutable_usage()->set_saved_tokens(4);
    EmbeddingsResponse whole("e5 \"small\"", false);
    ASSERT_TRUE(whole.add(response, 1));
    response.set_vectors(vector::encode(std::vector<float>{0.25F, 0.0F}, format));
    ASSERT_TRUE(whole.add(response, 1));
    const json body = json::parse(whole.finish());
    EXPECT_EQ(body["object"], "list");
    EXPECT_EQ(body["data"][0], (json{{"object", "embedding"}, {"index", 0}, {"embedding", {1.0, -0.5}}}));
    EXPECT_EQ(body["data"][1], (json{{"object", "embedding"}, {"index", 1}, {"embedding", {0.25, 0.0}}}));
    EXPECT_EQ(body["model"], "e5 \"small\"");
    EXPECT_EQ(body["usage"], (json{{"prompt_tokens", 18},
                                   {"total_tokens", 18},
                                   {"kefu", {{"computed_tokens", 10}, {"saved_tokens", 8}}}}));
  }
}

TEST(EmbeddingsJson, WritesBase64OfLittleEndianFloats) {
  kefu::v1::EmbedResponse response;
  response.set_format(kefu::v1::VECTOR_FORMAT_FLOAT16);
  response.set_dimensions(2);
  response.set_vectors(vector::encode(std::vector<float>{1.0F, -0.5F}, kefu::v1::VECTOR_FORMAT_FLOAT16));
  EmbeddingsResponse whole("m", true);
  ASSERT_TRUE(whole.add(response, 1));
  EXPECT_EQ(json::parse(whole.finish())["data"][0]["embedding"], "AACAPwAAAL8=");
}

TEST(EmbeddingsJson, RefusesVectorsThatAreNotWhole) {
  kefu::v1::EmbedResponse response;
  response.set_format(kefu::v1::VECTOR_FORMAT_FLOAT32);
  response.set_dimensions(2);
  response.set_vectors(std::string(12, '\0'));
  EXPECT_EQ(EmbeddingsResponse("m", false).add(response, 2).error().code, Errc::bad_upstream);
  response.set_dimensions(0);
  response.set_vectors("");
  EXPECT_EQ(EmbeddingsResponse("m", false).add(response, 2).error().code, Errc::bad_upstream);
}

TEST(Base64, PadsWhatIsNoMultipleOfThree) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
}

}  // namespace
}  // namespace kefu::gateway
