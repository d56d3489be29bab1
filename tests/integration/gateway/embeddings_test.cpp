#include "fake_service.hpp"
#include "kefu/v1/embedding.pb.h"

#include <kefu/async/signal.hpp>
#include <kefu/proto/subjects.hpp>
#include <kefu/testing/poll.hpp>
#include <kefu/testing/process.hpp>
#include <kefu/vector/codec.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>

namespace kefu::gateway {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using ::testing::HasSubstr;

/// Embedding with a model of two dimensions, whose first component is the number of the text's bytes.
class Embeddings : public ::testing::Test {
 protected:
  explicit Embeddings(GatewayConfig config = {}) : gateway_(std::move(config)) {
    FakeService<kefu::v1::GetModelRequest, kefu::v1::GetModelResponse>::serve(
        gateway_, proto::kGetModel, [](const auto&) {
          kefu::v1::GetModelResponse response;
          response.set_model("e5-small");
          response.set_dimensions(2);
          return response;
        });
  }
  void serve() {
    FakeService<kefu::v1::EmbedRequest, kefu::v1::EmbedResponse>::serve(
        gateway_, proto::kEmbed, [this](const kefu::v1::EmbedRequest& request) { return embed(request); });
  }
  Result<kefu::v1::EmbedResponse> embed(const kefu::v1::EmbedRequest& request) {
    ++calls_;
    role_ = request.role();
    std::vector<float> components;
    for (int i = 0; i < request.texts_size(); ++i) {
      if (request.texts(i) == "long")
        return fail(Errc::invalid_argument, "texts[" + std::to_string(i) + "]: it has too many tokens");
      components.insert(components.end(), {static_cast<float>(request.texts(i).size()), 0.25F});
    }
    kefu::v1::EmbedResponse response;
    response.set_format(kefu::v1::VECTOR_FORMAT_FLOAT32);
    response.set_dimensions(2);
    response.set_vectors(vector::encode(components, kefu::v1::VECTOR_FORMAT_FLOAT32));
    response.mutable_usage()->set_embedding_tokens(static_cast<std::uint64_t>(request.texts_size()));
    return response;
  }
  http::Response post(const json& body) { return gateway_.post_json("/v1/embeddings", body.dump()); }

  std::atomic<int> calls_ = 0;
  std::atomic<int> role_ = 0;
  GatewayHarness gateway_;
};

TEST_F(Embeddings, ComeInTheFormatOfOpenAi) {
  serve();
  const auto response = post({{"input", {"a", "bcd"}}, {"model", "e5-small"}});
  ASSERT_EQ(response.status, 200) << response.body;
  const json body = json_of(response);
  EXPECT_EQ(body["model"], "e5-small");
  EXPECT_EQ(body["data"][1]["embedding"], (json{3.0, 0.25}));
  EXPECT_EQ(body["usage"]["prompt_tokens"], 2);
  EXPECT_EQ(role_, kefu::v1::TEXT_ROLE_PASSAGE);
  EXPECT_EQ(
      json_of(post(
          {{"input", "a"}, {"encoding_format", "base64"}, {"input_type", "query"}}))["data"][0]["embedding"],
      "AACAPwAAgD4=");
  EXPECT_EQ(role_, kefu::v1::TEXT_ROLE_QUERY);
}

TEST_F(Embeddings, OfManyTextsAreComputedInSeveralCalls) {
  serve();
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < 2048; ++i) texts.emplace_back(1 + i % 97, 'x');
  const auto response = post({{"input", texts}, {"model", "default"}});
  ASSERT_EQ(response.status, 200) << response.body;
  const json body = json_of(response);
  ASSERT_EQ(body["data"].size(), 2048U);
  for (std::size_t i = 0; i < 2048; ++i) {
    ASSERT_EQ(body["data"][i]["index"], i);
    ASSERT_EQ(body["data"][i]["embedding"][0], static_cast<double>(1 + i % 97));
  }
  EXPECT_EQ(body["usage"]["total_tokens"], 2048);
  EXPECT_EQ(calls_, 32);
  texts[100] = "long";
  EXPECT_EQ(json_of(post({{"input", texts}}))["error"]["message"],
            "field \"input[100]\": it has too many tokens");
}

TEST_F(Embeddings, OfAnotherModelAreNotFound) {
  const auto other = post({{"input", "a"}, {"model", "text-embedding-3-small"}});
  EXPECT_EQ(other.status, 404);
  EXPECT_THAT(json_of(other)["error"]["message"].get<std::string>(), HasSubstr("\"e5-small\""));
  const auto shorter = post({{"input", "a"}, {"dimensions", 256}});
  EXPECT_EQ(shorter.status, 400);
  EXPECT_EQ(json_of(shorter)["error"]["param"], "dimensions");
  const auto tokens = post({{"input", {1, 2, 3}}});
  EXPECT_EQ(tokens.status, 400);
  EXPECT_THAT(json_of(tokens)["error"]["message"].get<std::string>(), HasSubstr("holds tokens"));
}

class LimitedEmbeddings : public Embeddings {
 protected:
  LimitedEmbeddings() : Embeddings(GatewayConfig{.max_embeddings = 1}) {}
  Task<Result<std::string>> wait_until_told(RequestContext, bus::Message, bus::ReplySink&) {
    asked_ = true;
    EXPECT_TRUE(co_await testing::eventually([this] { return told_.load(); }));
    co_return std::string{};
  }
  std::atomic<bool> asked_ = false;
  std::atomic<bool> told_ = false;
};

TEST_F(LimitedEmbeddings, AreRefusedAtOnceOverTheLimitOfOpenRequests) {
  gateway_.serve(proto::kEmbed, [this](RequestContext context, bus::Message message, bus::ReplySink& sink) {
    return wait_until_told(std::move(context), std::move(message), sink);
  });
  auto first = std::async(std::launch::async, [&] {
    return testing::run_command(
        {"curl", "-sS", "--json", R"({"input":"a"})", gateway_.url("/v1/embeddings")});
  });
  ASSERT_TRUE(eventually([&] { return asked_.load(); }));
  const auto second = post({{"input", "b"}});
  EXPECT_EQ(second.status, 503);
  EXPECT_EQ(json_of(second)["error"]["code"], "overloaded");
  told_ = true;
  first.get();
  EXPECT_EQ(post({{"input", "b"}}).status, 502);  // it answered: no vectors
}

}  // namespace
}  // namespace kefu::gateway
