#include "embeddings_json.hpp"

#include "base64.hpp"

#include <kefu/vector/codec.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>

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
  EXPECT_THAT(refusal({{"input", {"a", ""}}}), HasSubstr("\"input[1]\" is an empty text"));
  EXPECT_THAT(refusal({{"input", std::vector<std::string>(2049, "a")}}), HasSubstr("at most 2048"));
  EXPECT_THAT(refusal({{"input", std::string(32769, 'a')}}), HasSubstr("\"input[0]\" has more than 32768"));
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
  const auto cut = check_model({.texts = {}, .dimensions = 256}, model);
  EXPECT_EQ(cut.error().code, Errc::invalid_argument);
  EXPECT_THAT(cut.error().message, HasSubstr("must be 384"));
}

TEST(EmbeddingsJson, TakesFewerDimensionsOfAModelThatAllowsThem) {
  kefu::v1::GetModelResponse model;
  model.set_model("matryoshka");
  model.set_dimensions(1024);
  model.set_fewest_dimensions(64);
  for (const std::uint32_t dimensions : {64U, 100U, 1024U})
    EXPECT_TRUE(check_model({.texts = {}, .dimensions = dimensions}, model)) << dimensions;
  for (const std::uint32_t dimensions : {1U, 63U, 1025U}) {
    const auto refused = check_model({.texts = {}, .dimensions = dimensions}, model);
    ASSERT_FALSE(refused) << dimensions;
    EXPECT_THAT(refused.error().message, HasSubstr("\"dimensions\" must be a number from 64 to 1024"));
  }
}

TEST(EmbeddingsJson, HoldsALimitedNumberOfVectors) {
  kefu::v1::GetModelResponse model;
  model.set_dimensions(8192);
  model.set_fewest_dimensions(64);
  const std::vector<std::string> texts(2048, "a");
  EXPECT_TRUE(check_model({.texts = texts, .dimensions = 4096}, model));
  const auto refused = check_model({.texts = texts}, model);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("at most 1024"));
}

TEST(EmbeddingsJson, PutsManyOrLongTextsBehindQuestions) {
  EXPECT_FALSE(is_bulk(std::vector<std::string>(8, "a question")));
  EXPECT_TRUE(is_bulk(std::vector<std::string>(9, "a question")));
  EXPECT_TRUE(is_bulk({std::string(9000, 'a')}));
}

TEST(EmbeddingsJson, SplitsTextsIntoCallsThatEmbeddingTakes) {
  EXPECT_EQ(texts_of_one_call(std::vector<std::string>(100, "a"), 0, 384), 64U);
  EXPECT_EQ(texts_of_one_call(std::vector<std::string>(100, "a"), 70, 384), 30U);
  EXPECT_EQ(texts_of_one_call(std::vector<std::string>(100, "a"), 0, 8192), 48U);
  EXPECT_EQ(texts_of_one_call(std::vector<std::string>(100, "a"), 0, 1 << 24), 1U);
  EXPECT_EQ(texts_of_one_call(std::vector<std::string>(9, std::string(32000, 'a')), 0, 384), 4U);
}

TEST(EmbeddingsJson, NamesTheInputThatACallRefused) {
  EXPECT_EQ(name_input({Errc::invalid_argument, "texts[3]: it is too long"}, 64).message,
            "field \"input[67]\": it is too long");
  EXPECT_EQ(name_input({Errc::overloaded, "texts[] busy"}, 64).message, "texts[] busy");
}

/// Of two dimensions; one vector for each two numbers.
kefu::v1::EmbedResponse answer_with(const std::vector<float>& components, kefu::v1::VectorFormat format) {
  kefu::v1::EmbedResponse response;
  response.set_format(format);
  response.set_dimensions(2);
  response.set_vectors(vector::encode(components, format));
  response.mutable_usage()->set_embedding_tokens(5);
  response.mutable_usage()->set_saved_tokens(4);
  return response;
}

/// In pieces of one vector each.
std::string text_of(EmbeddingsResponse response) {
  std::string text;
  for (std::string piece = response.next(1); !piece.empty(); piece = response.next(1)) text += piece;
  return text;
}

TEST(EmbeddingsJson, WritesVectorsOfEitherFormatInOrder) {
  for (const auto format : {kefu::v1::VECTOR_FORMAT_FLOAT32, kefu::v1::VECTOR_FORMAT_FLOAT16}) {
    EmbeddingsResponse whole("e5 \"small\"", 2, false);
    ASSERT_TRUE(whole.add(answer_with({1, 0, 0, -1}, format), 2));
    ASSERT_TRUE(whole.add(answer_with({-1, 0}, format), 1));
    const std::size_t estimate = whole.estimated_bytes();
    const std::string text = text_of(std::move(whole));
    EXPECT_LT(text.size(), estimate + 200);
    const json body = json::parse(text);
    EXPECT_EQ(body["object"], "list");
    ASSERT_EQ(body["data"].size(), 3U);
    EXPECT_EQ(body["data"][0], (json{{"object", "embedding"}, {"index", 0}, {"embedding", {1.0, 0.0}}}));
    EXPECT_EQ(body["data"][1], (json{{"object", "embedding"}, {"index", 1}, {"embedding", {0.0, -1.0}}}));
    EXPECT_EQ(body["data"][2], (json{{"object", "embedding"}, {"index", 2}, {"embedding", {-1.0, 0.0}}}));
    EXPECT_EQ(body["model"], "e5 \"small\"");
    EXPECT_EQ(body["usage"], (json{{"prompt_tokens", 18},
                                   {"total_tokens", 18},
                                   {"kefu", {{"computed_tokens", 10}, {"saved_tokens", 8}}}}));
  }
}

TEST(EmbeddingsJson, WritesPiecesOfTheLengthThatIsAskedFor) {
  EmbeddingsResponse response("m", 2, false);
  for (int i = 0; i < 4; ++i)
    ASSERT_TRUE(response.add(answer_with({0.6F, 0.8F, 0, 1}, kefu::v1::VECTOR_FORMAT_FLOAT32), 2));
  const std::string first = response.next(200);
  EXPECT_GE(first.size(), 200U);
  EXPECT_LT(first.size(), 300U);
  std::string rest;
  for (std::string piece = response.next(200); !piece.empty(); piece = response.next(200)) rest += piece;
  EXPECT_EQ(json::parse(first + rest)["data"][7]["index"], 7);
}

TEST(EmbeddingsJson, GivesVectorsTheLengthThatFloat16TookFromThem) {
  EmbeddingsResponse response("m", 2, false);
  ASSERT_TRUE(response.add(answer_with({0.28F, 0.96F}, kefu::v1::VECTOR_FORMAT_FLOAT16), 1));
  const json row = json::parse(text_of(std::move(response)))["data"][0]["embedding"];
  const double x = row[0];
  const double y = row[1];
  EXPECT_NEAR(x * x + y * y, 1, 1e-6);
}

TEST(EmbeddingsJson, WritesBase64OfLittleEndianFloats) {
  EmbeddingsResponse whole("m", 2, true);
  ASSERT_TRUE(whole.add(answer_with({0, -1}, kefu::v1::VECTOR_FORMAT_FLOAT16), 1));
  EXPECT_EQ(json::parse(text_of(std::move(whole)))["data"][0]["embedding"], "AAAAAAAAgL8=");
}

TEST(EmbeddingsJson, RefusesVectorsThatAreNotWholeOrNoNumbers) {
  const auto error = [](kefu::v1::EmbedResponse answer, std::size_t dimensions) {
    return EmbeddingsResponse("m", dimensions, false).add(std::move(answer), 2).error().code;
  };
  const auto format = kefu::v1::VECTOR_FORMAT_FLOAT32;
  EXPECT_EQ(error(answer_with({1, 0, 1}, format), 2), Errc::bad_upstream);
  EXPECT_EQ(error(answer_with({1, 0, 1, NAN}, format), 2), Errc::bad_upstream);
  EXPECT_EQ(error(answer_with({1, 0, 1, 0, 1, 0, 1, 0}, format), 4), Errc::bad_upstream);
  EXPECT_EQ(error({}, 0), Errc::bad_upstream);
}

TEST(EmbeddingsJson, RefusesToMixVectorsOfTwoModels) {
  EmbeddingsResponse response("m", 2, false);
  auto answer = answer_with({1, 0}, kefu::v1::VECTOR_FORMAT_FLOAT32);
  answer.set_model_fingerprint("before");
  ASSERT_TRUE(response.add(answer, 1));
  answer.set_model_fingerprint("after");
  EXPECT_EQ(response.add(answer, 1).error().code, Errc::unavailable);
}

TEST(Base64, PadsWhatIsNoMultipleOfThree) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
}

}  // namespace
}  // namespace kefu::gateway
