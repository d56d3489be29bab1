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
#include <cmath>
#include <fstream>
#include <future>

namespace kefu::gateway {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using ::testing::HasSubstr;

/// Embedding with a model of eight dimensions, which may be cut to two: the first are the cosine and the sine
/// of a tenth of the number of the text's bytes, and the rest is zero.
class Embeddings : public ::testing::Test {
 protected:
  static constexpr std::size_t kDimensions = 8;

  explicit Embeddings(GatewayConfig config = {}) : gateway_(std::move(config)) {
    FakeService<kefu::v1::GetModelRequest, kefu::v1::GetModelResponse>::serve(
        gateway_, proto::kGetModel, [](const auto&) {
          kefu::v1::GetModelResponse response;
          response.set_model("e5-small");
          response.set_dimensions(kDimensions);
          response.set_fewest_dimensions(2);
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
    bulk_ = request.bulk();
    const std::size_t dimensions = request.dimensions() == 0 ? kDimensions : request.dimensions();
    std::vector<float> components;
    for (int i = 0; i < request.texts_size(); ++i) {
      if (request.texts(i) == "long")
        return fail(Errc::invalid_argument, "texts[" + std::to_string(i) + "]: it has too many tokens");
      components.insert(components.end(),
                        {cosine_of(request.texts(i).size()), sine_of(request.texts(i).size())});
      components.resize(components.size() + dimensions - 2, 0.0F);
    }
    kefu::v1::EmbedResponse response;
    response.set_format(request.format());
    response.set_dimensions(static_cast<std::uint32_t>(dimensions));
    response.set_vectors(vector::encode(components, request.format()));
    response.mutable_usage()->set_embedding_tokens(static_cast<std::uint64_t>(request.texts_size()));
    return response;
  }
  static float cosine_of(std::size_t bytes) { return std::cos(static_cast<float>(bytes) / 10); }
  static float sine_of(std::size_t bytes) { return std::sin(static_cast<float>(bytes) / 10); }
  http::Response post(const json& body) { return gateway_.post_json("/v1/embeddings", body.dump()); }

  std::atomic<int> calls_ = 0;
  std::atomic<int> role_ = 0;
  std::atomic<bool> bulk_ = false;
  GatewayHarness gateway_;
};

TEST_F(Embeddings, ComeInTheFormatOfOpenAi) {
  serve();
  const auto response = post({{"input", {"a", "bcd"}}, {"model", "e5-small"}});
  ASSERT_EQ(response.status, 200) << response.body;
  const json body = json_of(response);
  EXPECT_EQ(body["model"], "e5-small");
  ASSERT_EQ(body["data"][1]["embedding"].size(), kDimensions);
  EXPECT_NEAR(body["data"][1]["embedding"][0], cosine_of(3), 1e-3);
  EXPECT_NEAR(body["data"][1]["embedding"][1], sine_of(3), 1e-3);
  EXPECT_EQ(body["usage"]["prompt_tokens"], 2);
  EXPECT_EQ(role_, kefu::v1::TEXT_ROLE_PASSAGE);
  EXPECT_FALSE(bulk_);
  const json encoded =
      json_of(post({{"input", "a"}, {"encoding_format", "base64"}, {"input_type", "query"}}));
  EXPECT_EQ(encoded["data"][0]["embedding"].get<std::string>().size(), 44U);
  EXPECT_EQ(role_, kefu::v1::TEXT_ROLE_QUERY);
}

TEST_F(Embeddings, OfFewerDimensionsAreAskedForWhereTheModelAllowsIt) {
  serve();
  const json body = json_of(post({{"input", "a"}, {"dimensions", 2}}));
  ASSERT_EQ(body["data"][0]["embedding"].size(), 2U) << body;
  const auto fewer = post({{"input", "a"}, {"dimensions", 1}});
  EXPECT_EQ(fewer.status, 400);
  EXPECT_EQ(json_of(fewer)["error"]["param"], "dimensions");
  EXPECT_EQ(json_of(fewer)["error"]["type"], "invalid_request_error");
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
    ASSERT_NEAR(body["data"][i]["embedding"][0], cosine_of(1 + i % 97), 1e-3);
  }
  EXPECT_EQ(body["usage"]["total_tokens"], 2048);
  EXPECT_EQ(calls_, 32);
  EXPECT_TRUE(bulk_);
  EXPECT_EQ(response.fields.get("Content-Length"), "") << "a long response is written piece by piece";
  EXPECT_NE(response.fields.get("X-Request-Id"), "");
  texts[100] = "long";
  EXPECT_EQ(json_of(post({{"input", texts}}))["error"]["message"],
            "field \"input[100]\": it has too many tokens");
}

TEST_F(Embeddings, OfAnotherModelAreNotFound) {
  const auto other = post({{"input", "a"}, {"model", "text-embedding-3-small"}});
  EXPECT_EQ(other.status, 404);
  EXPECT_THAT(json_of(other)["error"]["message"].get<std::string>(), HasSubstr("\"e5-small\""));
  const auto tokens = post({{"input", {1, 2, 3}}});
  EXPECT_EQ(tokens.status, 400);
  EXPECT_THAT(json_of(tokens)["error"]["message"].get<std::string>(), HasSubstr("holds tokens"));
}

/// Calls that answer when the test says so.
class SlowEmbeddings : public Embeddings {
 protected:
  void serve_slowly() {
    gateway_.serve(proto::kEmbed, [this](RequestContext, bus::Message message, bus::ReplySink&) {
      return answer_when_told(std::move(message));
    });
  }
  Task<Result<std::string>> answer_when_told(bus::Message message) {
    kefu::v1::EmbedRequest request;
    EXPECT_TRUE(request.ParseFromString(message.payload));
    ++open_;
    EXPECT_TRUE(co_await testing::eventually([this] { return told_.load(); }));
    KEFU_CO_TRY(const kefu::v1::EmbedResponse response, embed(request));
    co_return response.SerializeAsString();
  }
  std::atomic<int> open_ = 0;
  std::atomic<bool> told_ = false;
};

TEST_F(SlowEmbeddings, OfManyTextsAreAskedForSeveralCallsAtOnceButNotAll) {
  serve_slowly();
  std::vector<std::string> texts(640, "a");
  texts[70] = "long";
  texts[200] = "long";
  const testing::TemporaryDirectory folder;
  const std::string file = folder.path() / "body.json";
  std::ofstream(file) << json{{"input", texts}}.dump();
  auto response = std::async(std::launch::async, [&] {
    return testing::run_command({"curl", "-sS", "--json", "@" + file, gateway_.url("/v1/embeddings")});
  });
  EXPECT_TRUE(eventually([&] { return open_ >= 4; }));
  EXPECT_EQ(open_, 4);
  told_ = true;
  // Of two that failed, the earlier one; and then no more were begun.
  EXPECT_THAT(response.get(), HasSubstr("input[70]"));
  EXPECT_LT(open_, 10);
}

class HurriedEmbeddings : public Embeddings {
 protected:
  HurriedEmbeddings() : Embeddings(GatewayConfig{.embeddings_timeout = 50ms}) {}
};

TEST_F(HurriedEmbeddings, HaveATimeOfTheirOwn) {
  gateway_.serve(proto::kEmbed,
                 [](RequestContext context, bus::Message, bus::ReplySink&) -> Task<Result<std::string>> {
                   EXPECT_TRUE(co_await testing::eventually([&] { return context.deadline.passed(); }));
                   co_return fail(Errc::deadline_exceeded, "the text was not embedded in time");
                 });
  const auto late = post({{"input", "a"}});
  EXPECT_EQ(late.status, 504) << late.body;
  EXPECT_EQ(json_of(late)["error"]["code"], "deadline_exceeded");
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
