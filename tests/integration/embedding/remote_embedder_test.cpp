#include "remote_embedder.hpp"

#include "embedding_server.hpp"
#include "llama_embedder.hpp"

#include <kefu/testing/fake_endpoint.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <functional>
#include <numeric>

namespace kefu::embedding {
namespace {

using namespace std::chrono_literals;
using kefu::testing::FakeEndpoint;
using kefu::testing::run_task;
using nlohmann::json;

constexpr std::string_view kPoison = "poison";

float cosine(const Vector& a, const Vector& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0F);
}

/// An embedder against a provider that answers as the test tells it. A text of n bytes has the vector (n, 1).
class RemoteEmbedderTest : public ::testing::Test {
 protected:
  using Vectors = std::vector<Result<TextVector>>;

  RemoteEmbedderTest() {
    endpoint.then(embeds());
    connect({.dimensions = 2});
  }

  Result<> connect(RemoteOptions options, provider::ClientOptions client_options = {}) {
    embedder.reset();
    client_options.role = provider::kEmbedding;
    client_options.endpoint = {.base_url = endpoint.url(), .model = "m"};
    client_options.backoff = {.first = 1ms, .longest = 2ms};
    client_options.breaker.failures = 1000;
    client.emplace(io.get_executor(), std::move(client_options), metrics);
    auto connected = run_task(io, RemoteEmbedder::connect(*client, std::move(options), Deadline::in(5s)));
    if (!connected) return fail(connected.error());
    embedder = *std::move(connected);
    return {};
  }

  Vectors embed(const std::vector<std::string>& texts, std::chrono::milliseconds time = 10s) {
    std::vector<ModelInput> inputs;
    for (const std::string& text : texts) inputs.push_back(embedder->prepare(text, Role::query));
    return run_task(io, embedder->embed(std::move(inputs), Deadline::in(time)));
  }
  /// The errors of two texts, which are one where a call fails as a whole.
  Error error_of_two(FakeEndpoint::Behaviour behaviour, std::chrono::milliseconds time = 10s) {
    endpoint.always(std::move(behaviour));
    const Vectors vectors = embed({"a", "bb"}, time);
    EXPECT_EQ(vectors.size(), 2U);
    EXPECT_FALSE(vectors.at(0));
    EXPECT_FALSE(vectors.at(1));
    if (vectors.at(0) || vectors.at(1)) return {};
    EXPECT_EQ(vectors[0].error(), vectors[1].error());
    return vectors[0].error();
  }

  using Change = std::function<void(json&)>;
  /// Answers as a provider should, but for `change`.
  FakeEndpoint::Behaviour embeds(Change change = [](json&) {}) {
    return [this, change](http::Exchange& exchange) { return answer(exchange, change); };
  }
  Task<void> answer(http::Exchange& exchange, Change change) {
    const json request = json::parse(endpoint.seen().back().body);
    json data = json::array();
    std::size_t tokens = 0;
    for (const json& input : request.at("input")) {
      const auto text = input.get<std::string>();
      if (text == kPoison) {
        (void)co_await exchange.respond({.status = 400, .body = "no"});
        co_return;
      }
      data.push_back({{"object", "embedding"}, {"index", data.size()}, {"embedding", {text.size(), 1}}});
      tokens += text.size();
    }
    json response = {{"object", "list"}, {"data", data}, {"usage", {{"prompt_tokens", tokens}}}};
    change(response);
    (void)co_await exchange.respond(
        {.fields = {{"Content-Type", "application/json"}}, .body = response.dump()});
  }
  json request(std::size_t number) const { return json::parse(endpoint.seen().at(number).body); }

  asio::io_context io;
  telemetry::Metrics metrics;
  FakeEndpoint endpoint{io};
  std::optional<provider::Client> client;
  std::unique_ptr<RemoteEmbedder> embedder;
};

void expect_vector(const Result<TextVector>& vector, float x) {
  ASSERT_TRUE(vector) << vector.error().message << vector.error().detail;
  ASSERT_EQ(vector->vector.size(), 2U);
  const float length = std::sqrt(x * x + 1);
  EXPECT_NEAR(vector->vector[0], x / length, 1e-6);
  EXPECT_NEAR(vector->vector[1], 1 / length, 1e-6);
}

TEST_F(RemoteEmbedderTest, GivesVectorsOfLengthOneWithWhatTheyCost) {
  const Vectors vectors = embed({"a", "bbb"});
  ASSERT_EQ(vectors.size(), 2U);
  expect_vector(vectors[0], 1);
  expect_vector(vectors[1], 3);
  EXPECT_EQ(vectors[0]->tokens + vectors[1]->tokens, 4U);
  EXPECT_EQ(request(0),
            json::parse(R"({"model":"m","input":["a","bbb"],"encoding_format":"float","dimensions":2})"));
}

TEST_F(RemoteEmbedderTest, LearnsTheDimensionsWhereTheyAreNotGiven) {
  ASSERT_TRUE(connect({}));
  EXPECT_EQ(embedder->model().dimensions, 2U);
  EXPECT_FALSE(request(0).contains("dimensions"));
  EXPECT_EQ(embed({"a"})[0]->vector.size(), 2U);
}

TEST_F(RemoteEmbedderTest, CannotBeConnectedWhileTheProviderDoesNotAnswer) {
  endpoint.always(FakeEndpoint::responds(401, "{}"));
  const auto refused = connect({});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "the embedding provider refused this service's key");
  EXPECT_TRUE(connect({.dimensions = 2}));  // nothing to learn
}

TEST_F(RemoteEmbedderTest, RefusesAModelWhoseVectorsAreTooLong) {
  endpoint.always(embeds(
      [](json& response) { response["data"][0]["embedding"] = std::vector<int>(kMaxDimensions + 1, 1); }));
  const auto refused = connect({});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::unsupported);
}

TEST_F(RemoteEmbedderTest, PutsThePrefixOfItsRoleBeforeAText) {
  ASSERT_TRUE(connect({.query_prefix = "query: ", .passage_prefix = "passage: ", .dimensions = 2}));
  std::vector<ModelInput> inputs{embedder->prepare("a", Role::query), embedder->prepare("b", Role::passage)};
  for (const ModelInput& input : inputs) EXPECT_LE(input.tokens, 1 + embedder->tokens_added());
  (void)run_task(io, embedder->embed(std::move(inputs), Deadline::in(5s)));
  EXPECT_EQ(request(0).at("input"), json::parse(R"(["query: a","passage: b"])"));
}

TEST_F(RemoteEmbedderTest, SharesTheProvidersTokensAmongTextsOrEstimatesThem) {
  endpoint.always(embeds([](json& response) { response["usage"]["prompt_tokens"] = 100; }));
  Vectors vectors = embed({"退货", "退货的运费由谁来承担", "a"});
  EXPECT_EQ(vectors[0]->tokens + vectors[1]->tokens + vectors[2]->tokens, 100U);
  EXPECT_GT(vectors[1]->tokens, vectors[0]->tokens);
  endpoint.always(embeds([](json& response) { response.erase("usage"); }));
  vectors = embed({"退货"});
  EXPECT_EQ(vectors[0]->tokens, embedder->prepare("退货", Role::query).tokens);
}

TEST_F(RemoteEmbedderTest, PutsVectorsInAnotherOrderRight) {
  endpoint.always(embeds([](json& response) { std::ranges::reverse(response["data"]); }));
  const Vectors vectors = embed({"a", "bb", "ccc"});
  for (std::size_t i = 0; i < 3; ++i) expect_vector(vectors.at(i), static_cast<float>(i + 1));
}

TEST_F(RemoteEmbedderTest, AsksForBase64AndReadsIt) {
  ASSERT_TRUE(connect({.dimensions = 2, .encoding = provider::VectorEncoding::base64}));
  endpoint.always(embeds([](json& response) {
    response["data"][0]["embedding"] = "AACAPwAAgD8=";  // 1, 1
  }));
  expect_vector(embed({"a"})[0], 1);
  EXPECT_EQ(request(0).at("encoding_format"), "base64");
}

TEST_F(RemoteEmbedderTest, SaysInOneSentenceHowTheProviderFailed) {
  struct Case {
    FakeEndpoint::Behaviour behaviour;
    Errc code;
    const char* sentence;
  };
  for (auto& [behaviour, code, sentence] : std::vector<Case>{
           {FakeEndpoint::responds(401, "{}"), Errc::bad_upstream, "refused this service's key"},
           {FakeEndpoint::responds(403, "{}"), Errc::bad_upstream, "refused this service's key"},
           {FakeEndpoint::responds(404, "{}"), Errc::bad_upstream, "refused the request"},
           {FakeEndpoint::responds(413, "{}"), Errc::bad_upstream, "refused the request as too large"},
           {FakeEndpoint::responds(429, "{}"), Errc::overloaded, "is over its rate limit"},
           {FakeEndpoint::responds(500, "{}"), Errc::unavailable, "failed"},
           {FakeEndpoint::responds(200, "<html>"), Errc::bad_upstream, "did not answer with embeddings"},
           {FakeEndpoint::responds(200, ""), Errc::bad_upstream, "did not answer with embeddings"},
           {FakeEndpoint::breaks_off(R"({"data":[)"), Errc::bad_upstream, "did not answer in its protocol"},
           {FakeEndpoint::drops(), Errc::unavailable, "cannot be reached"},
       }) {
    const Error error = error_of_two(std::move(behaviour));
    EXPECT_EQ(error.code, code) << sentence;
    EXPECT_EQ(error.message, std::string("the embedding provider ") + sentence);
  }
  const Error silence = error_of_two(endpoint.falls_silent(), 100ms);
  EXPECT_EQ(silence.code, Errc::deadline_exceeded);
  EXPECT_EQ(silence.message, "the embedding provider did not answer in time");
  EXPECT_EQ(error_of_two(FakeEndpoint::responds(429, "{}", {{"Retry-After", "30"}})).message,
            "the embedding provider is over its rate limit, try again in 30 s");
}

TEST_F(RemoteEmbedderTest, TakesNothingOfAnAnswerThatIsWrongInOnePlace) {
  const auto code = [this](FakeEndpoint::Behaviour behaviour) {
    return error_of_two(std::move(behaviour)).code;
  };
  EXPECT_EQ(code(embeds([](json& response) { response["data"].erase(1); })), Errc::bad_upstream);
  EXPECT_EQ(code(embeds([](json& response) { response["data"].push_back(response["data"][0]); })),
            Errc::bad_upstream);
  EXPECT_EQ(code(embeds([](json& response) { response["data"][1]["embedding"] = {1, 2, 3}; })),
            Errc::bad_upstream);
  EXPECT_EQ(code(embeds([](json& response) { response["data"][1]["embedding"] = {1, nullptr}; })),
            Errc::bad_upstream);
  EXPECT_EQ(code(FakeEndpoint::responds(
                200, R"({"data":[{"index":0,"embedding":[NaN,1]},{"index":1,"embedding":[1,1]}]})")),
            Errc::bad_upstream);
}

TEST_F(RemoteEmbedderTest, FailsOnlyTheTextThatTheProviderRefuses) {
  std::vector<std::string> texts(32, "good");
  texts[13] = kPoison;
  const Vectors vectors = embed(texts);
  ASSERT_EQ(vectors.size(), texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) EXPECT_EQ(vectors[i].has_value(), i != 13) << i;
  EXPECT_EQ(vectors[13].error().code, Errc::invalid_argument);
  EXPECT_EQ(vectors[13].error().message, "the embedding provider refused the text");
  EXPECT_EQ(endpoint.seen().size(), 11U);
}

TEST_F(RemoteEmbedderTest, BlamesNoTextWhereTheProviderNoLongerTakesAny) {
  ASSERT_TRUE(embed({"good"})[0]);
  endpoint.always(FakeEndpoint::responds(400, R"({"code":"Arrearage"})"));
  const Vectors refused = embed({"good"});
  EXPECT_EQ(refused[0].error().code, Errc::bad_upstream);
  EXPECT_NE(refused[0].error().detail.find("Arrearage"), std::string::npos);
  endpoint.always(embeds());
  const std::size_t before = endpoint.seen().size();
  EXPECT_EQ(embed({std::string(kPoison)})[0].error().code, Errc::invalid_argument);
  EXPECT_EQ(endpoint.seen().size(), before + 2);
}

TEST_F(RemoteEmbedderTest, BlamesNoTextWhereTheProviderHasTakenNone) {
  for (const int status : {400, 404, 413, 422}) {
    endpoint.always(FakeEndpoint::responds(status, "{}"));
    const std::size_t before = endpoint.seen().size();
    const Vectors vectors = embed(std::vector<std::string>(64, "text"));
    EXPECT_LT(endpoint.seen().size() - before, 30U);
    for (const auto& vector : vectors) {
      ASSERT_FALSE(vector);
      EXPECT_EQ(vector.error().code, Errc::bad_upstream) << status;
    }
  }
}

TEST_F(RemoteEmbedderTest, HasAnotherFingerprintForWhateverChangesItsVectors) {
  const auto fingerprint = [this](RemoteOptions options) {
    EXPECT_TRUE(connect(std::move(options)));
    return embedder->model().fingerprint;
  };
  const std::string one = fingerprint({.dimensions = 2});
  EXPECT_EQ(one.size(), 16U);
  EXPECT_EQ(fingerprint({}), one);  // learned
  EXPECT_EQ(fingerprint({.dimensions = 2, .max_tokens = 99, .batch = 7}), one);
  EXPECT_NE(fingerprint({.dimensions = 3}), one);
  EXPECT_NE(fingerprint({.query_prefix = "q", .dimensions = 2}), one);
  EXPECT_NE(fingerprint({.passage_prefix = "q", .dimensions = 2}), one);
  EXPECT_NE(fingerprint({.dimensions = 2, .identity = "another"}), one);
}

TEST_F(RemoteEmbedderTest, HasTheSameFingerprintWhereverTheModelRuns) {
  const std::string here = embedder->model().fingerprint;
  FakeEndpoint elsewhere(io);
  provider::Client other(
      io.get_executor(),
      {.role = provider::kEmbedding, .endpoint = {.base_url = elsewhere.url(), .model = "m"}}, metrics);
  const auto connected = run_task(io, RemoteEmbedder::connect(other, {.dimensions = 2}, Deadline::in(5s)));
  ASSERT_TRUE(connected);
  EXPECT_EQ((*connected)->model().fingerprint, here);
}

TEST_F(RemoteEmbedderTest, RequiresDimensionsThatItDoesNotAskFor) {
  ASSERT_TRUE(connect({.dimensions = 3, .sends_dimensions = false}));
  const Vectors vectors = embed({"a"});
  EXPECT_FALSE(request(0).contains("dimensions"));
  ASSERT_FALSE(vectors[0]);
  EXPECT_EQ(vectors[0].error().code, Errc::bad_upstream);
}

TEST_F(RemoteEmbedderTest, HasOneCallLessForImportsThanForAll) {
  ASSERT_TRUE(connect({.dimensions = 2, .calls = 8}));
  EXPECT_EQ(embedder->model().calls_at_once, 8U);
  EXPECT_EQ(embedder->model().calls_of_imports, 7U);
  ASSERT_TRUE(connect({.dimensions = 2, .calls = 1}));
  EXPECT_EQ(embedder->model().calls_of_imports, 1U);
}

/// Against a real llama-server with 1,536 dimensions, and the same model in this process.
TEST(RemoteModel, GivesTheVectorsThatTheSameModelGivesHere) {
  testing::EmbeddingServer server;
  server.start();
  const telemetry::Logger log{"test", telemetry::Level::error, [](std::string_view) {}};
  const auto local = LlamaEmbedder::load(
      {.model_path = server.model(), .query_prefix = "", .passage_prefix = "", .max_tokens = 512}, log);
  ASSERT_TRUE(local) << local.error().message;
  ASSERT_EQ((*local)->model().dimensions, testing::kTinyDimensions);

  asio::io_context io;
  telemetry::Metrics metrics;
  provider::Client client(
      io.get_executor(),
      {.role = provider::kEmbedding,
       .endpoint = {.base_url = server.url(), .model = "tiny", .api_key = testing::EmbeddingServer::kApiKey},
       .attempts = 1000,
       .backoff = {.first = 20ms, .longest = 20ms},
       .breaker = {.failures = 1000}},
      metrics);
  for (const auto encoding : {provider::VectorEncoding::numbers, provider::VectorEncoding::base64}) {
    const auto remote =
        run_task(io, RemoteEmbedder::connect(client, {.encoding = encoding}, Deadline::in(30s)));
    ASSERT_TRUE(remote) << remote.error().message << remote.error().detail;
    EXPECT_EQ((*remote)->model().dimensions, testing::kTinyDimensions);
    const auto embed = [&io](Embedder& embedder) {
      std::vector<ModelInput> inputs;
      for (const auto* const text : {"运费由谁出?", "How long does delivery take?", "x"})
        inputs.push_back(embedder.prepare(text, Role::query));
      return run_task(io, embedder.embed(std::move(inputs), Deadline::in(30s)));
    };
    const auto here = embed(**local);
    const auto there = embed(**remote);
    std::uint64_t tokens_here = 0;
    std::uint64_t tokens_there = 0;
    for (std::size_t i = 0; i < here.size(); ++i) {
      ASSERT_TRUE(here[i]);
      ASSERT_TRUE(there[i]) << there[i].error().message << there[i].error().detail;
      EXPECT_GT(cosine(here[i]->vector, there[i]->vector), 0.999F) << i;
      EXPECT_LT(cosine(here[i]->vector, there[(i + 1) % 3]->vector), 0.99F) << i;
      tokens_here += here[i]->tokens;
      tokens_there += there[i]->tokens;
    }
    EXPECT_EQ(tokens_there, tokens_here);
  }
}

}  // namespace
}  // namespace kefu::embedding
