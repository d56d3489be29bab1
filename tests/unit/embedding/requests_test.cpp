#include "requests.hpp"

#include "flow_fixture.hpp"
#include "kefu/v1/embedding.pb.h"

#include <kefu/vector/codec.hpp>

namespace kefu::embedding {
namespace {

class RequestsTest : public testing::FlowTest {
 protected:
  Result<kefu::v1::EmbedResponse> ask(const kefu::v1::EmbedRequest& request) {
    auto payload = ask_raw(request.SerializeAsString());
    if (!payload) return fail(payload.error());
    kefu::v1::EmbedResponse response;
    EXPECT_TRUE(response.ParseFromString(*payload));
    return response;
  }
  Result<std::string> ask_raw(std::string payload) {
    return kefu::testing::run_task(
        io, requests.embed({"id", Deadline::in(std::chrono::seconds(30))}, std::move(payload)));
  }

  std::vector<std::string> lines;
  telemetry::Logger log{"test", telemetry::Level::warning,
                        [this](std::string_view line) { lines.emplace_back(line); }};
  Requests requests{*flow, metrics, log, 4};
};

kefu::v1::EmbedRequest request_of(std::size_t texts) {
  kefu::v1::EmbedRequest request;
  request.set_role(kefu::v1::TEXT_ROLE_QUERY);
  for (std::size_t i = 0; i < texts; ++i) request.add_texts(std::to_string(i));
  return request;
}

TEST_F(RequestsTest, AnswersWithFloat32VectorsOfLengthOne) {
  const auto response = ask(request_of(3));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->format(), kefu::v1::VECTOR_FORMAT_FLOAT32);
  EXPECT_EQ(response->dimensions(), 8U);
  EXPECT_EQ(response->model_fingerprint(), "fake");
  EXPECT_EQ(response->model(), "fake-model");
  EXPECT_EQ(response->usage().embedding_tokens(), 9U);
  const auto vectors = vector::decode(response->vectors(), response->format(), 24);
  ASSERT_TRUE(vectors);
  for (std::size_t i = 0; i < 3; ++i) {
    float length = 0;
    for (std::size_t k = 0; k < 8; ++k) length += (*vectors)[i * 8 + k] * (*vectors)[i * 8 + k];
    EXPECT_NEAR(length, 1, 1e-5);
  }
  EXPECT_EQ(metric("kefu_embedding_requests_total{operation=\"embed\"}"), 1);
}

TEST_F(RequestsTest, RefusesWhatIsOverItsLimitsOrUnclear) {
  EXPECT_TRUE(ask(request_of(256)));
  EXPECT_EQ(ask(request_of(257)).error().code, Errc::invalid_argument);
  EXPECT_EQ(ask(request_of(0)).error().code, Errc::invalid_argument);
  auto roleless = request_of(1);
  roleless.clear_role();
  EXPECT_EQ(ask(roleless).error().code, Errc::invalid_argument);
  EXPECT_EQ(ask_raw("\xff garbage").error().code, Errc::invalid_argument);
  EXPECT_EQ(ask_raw(std::string(512 * 1024 + 1, 'x')).error().code, Errc::payload_too_large);
  EXPECT_EQ(metric("kefu_embedding_errors_total{code=\"invalid_argument\",operation=\"embed\"}"), 4);
}

TEST_F(RequestsTest, CutsVectorsAndGivesThemTheirLengthBack) {
  auto request = request_of(40);
  const auto whole = ask(request);
  ASSERT_TRUE(whole);
  request.set_dimensions(7);
  request.set_format(kefu::v1::VECTOR_FORMAT_FLOAT16);
  const auto cut = ask(request);
  ASSERT_TRUE(cut) << cut.error().message;
  EXPECT_EQ(cut->dimensions(), 7U);
  EXPECT_EQ(cut->format(), kefu::v1::VECTOR_FORMAT_FLOAT16);
  EXPECT_EQ(cut->usage().embedding_tokens(), 0U);  // one vector in the cache serves all lengths
  const auto all = vector::decode(whole->vectors(), whole->format(), std::size_t{40} * 8).value();
  const auto some = vector::decode(cut->vectors(), cut->format(), std::size_t{40} * 7).value();
  for (std::size_t i = 0; i < 40; ++i) {
    std::vector<float> expected(all.begin() + static_cast<std::ptrdiff_t>(i * 8),
                                all.begin() + static_cast<std::ptrdiff_t>(i * 8 + 7));
    ASSERT_TRUE(vector::normalize_length(expected));
    for (std::size_t k = 0; k < 7; ++k) EXPECT_NEAR(some[i * 7 + k], expected[k], 1e-3);
  }
}

TEST_F(RequestsTest, RefusesDimensionsAndFormatsThatItCannotGive) {
  for (const std::uint32_t dimensions : {3U, 9U}) {
    auto request = request_of(1);
    request.set_dimensions(dimensions);
    EXPECT_EQ(ask(request).error().message, "dimensions: of this model's vectors, 4 to 8 can be had");
  }
  auto unknown = request_of(1);
  unknown.set_format(static_cast<kefu::v1::VectorFormat>(9));
  EXPECT_EQ(ask(unknown).error().message, "format: unknown");
  Requests whole_only(*flow, metrics, log);
  auto cut = request_of(1);
  cut.set_dimensions(4);
  const auto refused = kefu::testing::run_task(
      io, whole_only.embed({"id", Deadline::in(std::chrono::seconds(30))}, cut.SerializeAsString()));
  EXPECT_EQ(refused.error().message, "dimensions: this model's vectors have 8 and may not be cut");
}

TEST_F(RequestsTest, PutsBulkBehindQuestions) {
  embedder.hold();
  auto bulk = request_of(3);
  bulk.set_bulk(true);
  std::optional<Result<std::string>> answered;
  const auto keep = [](Requests& self, std::string payload,
                       std::optional<Result<std::string>>& out) -> Task<void> {
    out = co_await self.embed({"id", Deadline::in(std::chrono::seconds(30))}, std::move(payload));
  };
  TaskGroup group(io.get_executor(), [](std::exception_ptr bug) { std::rethrow_exception(std::move(bug)); });
  group.spawn(keep(requests, bulk.SerializeAsString(), answered));
  EXPECT_TRUE(kefu::testing::run_task(
      io, kefu::testing::eventually([&] { return flow->queue().texts(Lane::import) > 0; })));
  EXPECT_EQ(flow->queue().texts(Lane::question), 0U);
  embedder.release();
  kefu::testing::run_task(io, group.join());
  EXPECT_TRUE(answered && *answered);
}

TEST_F(RequestsTest, TellsTheLogOnceWhatAProviderSaidUntilItEmbedsAgain) {
  for (int i = 0; i < 2; ++i) {
    embedder.failure = Error{Errc::bad_upstream, "refused this service's key", "status 401: who are you"};
    for (int k = 0; k < 3; ++k) EXPECT_EQ(ask(request_of(1)).error(), *embedder.failure);
    embedder.failure.reset();
    EXPECT_TRUE(ask(request_of(1)));
    store.values.clear();
    settle();
  }
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_NE(lines[0].find("status 401: who are you"), std::string::npos) << lines[0];
}

TEST_F(RequestsTest, TakesNoTextOfTheCacheForASignThatAProviderEmbedsAgain) {
  ASSERT_TRUE(ask(request_of(1)));
  settle();
  embedder.failure = Error{Errc::unavailable, "the provider is away"};
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(ask(request_of(2)));
    EXPECT_TRUE(ask(request_of(1)));
  }
  EXPECT_EQ(lines.size(), 1U);
}

TEST_F(RequestsTest, SaysWhichModelItHas) {
  const auto payload =
      kefu::testing::run_task(io, requests.model({"id", Deadline::in(std::chrono::seconds(30))}));
  ASSERT_TRUE(payload);
  kefu::v1::GetModelResponse response;
  ASSERT_TRUE(response.ParseFromString(*payload));
  EXPECT_EQ(response.model(), "fake-model");
  EXPECT_EQ(response.fingerprint(), "fake");
  EXPECT_EQ(response.dimensions(), 8U);
  EXPECT_EQ(response.max_tokens(), 30U);
  EXPECT_EQ(response.fewest_dimensions(), 4U);
}

TEST_F(RequestsTest, CountsTokensWithTheLimitThatATextMayHave) {
  kefu::v1::CountTokensRequest request;
  request.add_texts("abc");
  request.add_texts("");
  const auto payload = kefu::testing::run_task(
      io, requests.count_tokens({"id", Deadline::in(std::chrono::seconds(30))}, request.SerializeAsString()));
  ASSERT_TRUE(payload);
  kefu::v1::CountTokensResponse response;
  ASSERT_TRUE(response.ParseFromString(*payload));
  EXPECT_EQ(std::vector<std::uint32_t>(response.counts().begin(), response.counts().end()),
            (std::vector<std::uint32_t>{3, 0}));
  EXPECT_EQ(response.max_tokens(), 30U);
}

}  // namespace
}  // namespace kefu::embedding
