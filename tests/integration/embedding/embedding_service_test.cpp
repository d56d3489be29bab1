#include "embedding_system.hpp"

#include <kefu/async/task_group.hpp>

#include <gtest/gtest.h>

#include <csignal>
#include <numeric>

namespace kefu::embedding {
namespace {

using testing::EmbeddingSystem;
using namespace std::chrono_literals;

/// The tests share one system, since a service takes seconds to load its model under AddressSanitizer. Who
/// breaks it mends it.
class EmbeddingServiceTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (std::filesystem::exists(KEFU_TEST_MODEL)) system_ = std::make_unique<EmbeddingSystem>();
  }
  static void TearDownTestSuite() { system_.reset(); }
  void SetUp() override {
    if (!system_) FAIL() << "no " << KEFU_TEST_MODEL << ": run deploy/model/fetch-model.sh";
  }
  void TearDown() override {
    if (HasFailure() && system_) std::cerr << system_->log();
  }

  static EmbeddingSystem& system() { return *system_; }
  static Result<kefu::v1::EmbedResponse> embed(std::vector<std::string> texts) {
    return system().run(system().embed(std::move(texts)));
  }
  static std::vector<float> vectors(const kefu::v1::EmbedResponse& response, std::size_t texts) {
    return vector::decode(response.vectors(), response.format(), texts * response.dimensions()).value();
  }
  /// Polls for the newest message of a subject.
  static Result<bus::StoredMessage> stored(std::string_view stream, const std::string& subject) {
    return system().run(wait_for(std::string(stream), subject));
  }

 private:
  static Task<Result<bus::StoredMessage>> wait_for(std::string stream, std::string subject) {
    const Deadline give_up = Deadline::in(40s);
    while (true) {
      auto message = co_await system().streams.last(stream, subject, Deadline::in(5s));
      if (message || give_up.passed()) co_return message;
      co_await sleep_for(20ms);
    }
  }
  static inline std::unique_ptr<EmbeddingSystem> system_;
};

float cosine(const std::vector<float>& all, std::size_t a, std::size_t b) {
  const std::size_t size = 384;
  const auto row = [&](std::size_t i) { return all.begin() + static_cast<std::ptrdiff_t>(i * size); };
  return std::inner_product(row(a), row(a + 1), row(b), 0.0F);
}

Task<void> keep(Task<Result<kefu::v1::EmbedResponse>> task,
                std::vector<Result<kefu::v1::EmbedResponse>>& results) {
  results.push_back(co_await std::move(task));
}

proto::VersionKey version_of(std::string document) {
  return {.kb_incarnation = "inc", .generation = 1, .document = std::move(document), .version = 7};
}

Task<Result<std::uint64_t>> publish_part(EmbeddingSystem& system, std::string document, std::uint32_t number,
                                         std::vector<std::string> texts) {
  kefu::v1::PassagePart part;
  part.set_kb_incarnation("inc");
  part.set_kb_generation(1);
  part.set_document(document);
  part.set_version(7);
  part.set_part(number);
  for (std::string& text : texts) part.add_passages()->set_text(std::move(text));
  bus::Message message{.subject = proto::passages_subject(version_of(document), number),
                       .payload = part.SerializeAsString()};
  return system.streams.append(std::move(message), Deadline::in(5s));
}

TEST_F(EmbeddingServiceTest, PutsTheOlympicsNearerToTheAsianGamesThanToTheUnderground) {
  const auto response = embed({"奥运会", "亚运会", "北京地铁"});
  ASSERT_TRUE(response) << response.error().message;
  ASSERT_EQ(response->dimensions(), 384U);
  const auto all = vectors(*response, 3);
  EXPECT_GT(cosine(all, 0, 1), cosine(all, 0, 2) + 0.02F);
  EXPECT_GT(cosine(all, 0, 1), cosine(all, 1, 2) + 0.02F);
}

TEST_F(EmbeddingServiceTest, ComputesATextOnceForEightClientsAtOnce) {
  const std::string text = "八个人同时问的新问题";
  std::vector<Result<kefu::v1::EmbedResponse>> results;
  TaskGroup clients(system().io.get_executor(),
                    [](std::exception_ptr e) { std::rethrow_exception(std::move(e)); });
  for (int i = 0; i < 8; ++i) clients.spawn(keep(system().embed({text}), results));
  kefu::testing::run_task(system().io, clients.join());
  ASSERT_EQ(results.size(), 8U);
  std::vector<std::uint64_t> computed;
  for (const auto& result : results) {
    ASSERT_TRUE(result);
    EXPECT_EQ(result->vectors(), results[0]->vectors());
    if (result->usage().embedding_tokens() != 0) computed.push_back(result->usage().embedding_tokens());
    EXPECT_EQ(result->usage().embedding_tokens() == 0, result->usage().saved_tokens() != 0);
  }
  EXPECT_EQ(computed.size(), 1U);
}

TEST_F(EmbeddingServiceTest, EmbedsATextThatIsLongerThanTheModelTakes) {
  kefu::v1::CountTokensRequest request;
  std::string text;
  // No two windows of it are the same: of those one would be computed.
  for (int i = 0; i < 600; ++i) text += "第" + std::to_string(i) + "句 ";
  request.add_texts(text);
  const auto counted = system().run(system().ask(proto::kCountTokens, request.SerializeAsString()));
  ASSERT_TRUE(counted);
  kefu::v1::CountTokensResponse counts;
  ASSERT_TRUE(counts.ParseFromString(counted->payload));
  EXPECT_GT(counts.counts(0), counts.max_tokens());
  const auto embedded = embed({"短", text});
  ASSERT_TRUE(embedded);
  EXPECT_GT(embedded->usage().embedding_tokens(), counts.counts(0));
}

TEST_F(EmbeddingServiceTest, WritesThePassagesOfAPartWithTheirVectors) {
  ASSERT_TRUE(system().run(publish_part(system(), "doc", 0, {"运费由买家承担。", "七天内可以退货。"})));
  const auto message = stored(proto::kVectorsStream, proto::vectors_subject(version_of("doc"), 0));
  ASSERT_TRUE(message);
  EXPECT_EQ(message->headers.get(proto::kPassagesHeader), "2");
  kefu::v1::VectorPart part;
  ASSERT_TRUE(part.ParseFromString(message->payload));
  EXPECT_EQ(part.passages().passages(1).text(), "七天内可以退货。");
  EXPECT_EQ(part.format(), kefu::v1::VECTOR_FORMAT_FLOAT16);
  EXPECT_EQ(part.vectors().size(), 2U * 384 * 2);
  EXPECT_GT(part.usage().embedding_tokens(), 0U);
}

TEST_F(EmbeddingServiceTest, BuriesAPartThatCanNeverBeEmbedded) {
  ASSERT_TRUE(system().run(publish_part(system(), "bad", 0, {"good", ""})));
  const auto letter = stored(bus::kDeadLetterStream,
                             std::string(bus::kDeadLetterPrefix) + std::string(proto::kPassagesStream));
  ASSERT_TRUE(letter);
  kefu::v1::PassagePart part;
  ASSERT_TRUE(part.ParseFromString(letter->payload));
  EXPECT_EQ(part.document(), "bad");
}

TEST_F(EmbeddingServiceTest, TakesATextFromRedisAfterTheProcessWasKilled) {
  const auto fresh = embed({"记住这一句"});
  ASSERT_TRUE(fresh);
  EXPECT_GT(fresh->usage().embedding_tokens(), 0U);
  system().service->kill();
  system().start_service();
  ASSERT_TRUE(system().serves());
  const auto cached = embed({" 记住这一句　"});
  ASSERT_TRUE(cached);
  EXPECT_EQ(cached->usage().embedding_tokens(), 0U);
  EXPECT_EQ(cached->usage().saved_tokens(), fresh->usage().embedding_tokens());
  EXPECT_EQ(cached->vectors(), fresh->vectors());
}

TEST_F(EmbeddingServiceTest, ComputesAnewWhatRedisHoldsWrong) {
  const auto fresh = embed({"会被弄坏的一句"});
  ASSERT_TRUE(fresh);
  const std::string port = std::to_string(system().redis.port());
  kefu::testing::run_command(
      {"redis-cli", "-p", port, "eval",
       "for _, k in ipairs(redis.call('keys', 'kefu:emb:*')) do redis.call('set', k, 'garbage') end", "0"});
  const auto again = embed({"会被弄坏的一句"});
  ASSERT_TRUE(again);
  EXPECT_EQ(again->usage().embedding_tokens(), fresh->usage().embedding_tokens());
  EXPECT_EQ(again->vectors(), fresh->vectors());
}

TEST_F(EmbeddingServiceTest, AnswersRightWhileRedisIsDownOrSilent) {
  const auto fresh = embed({"没有缓存也要答"});
  ASSERT_TRUE(fresh);
  system().redis.pause();
  const auto silent = embed({"没有缓存也要答"});
  system().redis.kill();
  const auto down = embed({"没有缓存也要答"});
  system().redis.start();
  for (const auto& response : {silent, down}) {
    ASSERT_TRUE(response);
    EXPECT_EQ(response->vectors(), fresh->vectors());
    // Computed again, or joined with the first computation while that waits for Redis to store it.
    EXPECT_EQ(response->usage().embedding_tokens() + response->usage().saved_tokens(),
              fresh->usage().embedding_tokens());
  }
}

TEST_F(EmbeddingServiceTest, ServesAgainAfterNatsWasKilledAndEmbedsWhatWasPublished) {
  system().nats.kill();
  system().nats.start();
  ASSERT_TRUE(system().run(system().bus.wait_connected(Deadline::in(10s))));
  EXPECT_TRUE(system().serves());
  ASSERT_TRUE(system().run(publish_part(system(), "after", 0, {"断线之后的一句"})));
  EXPECT_TRUE(stored(proto::kVectorsStream, proto::vectors_subject(version_of("after"), 0)));
}

TEST_F(EmbeddingServiceTest, FinishesWhatItBeganOnSigtermAndTheNextOneDoesTheRest) {
  constexpr std::uint32_t kParts = 12;
  for (std::uint32_t i = 0; i < kParts; ++i) {
    const std::string text = "第" + std::to_string(i) + "部分的一句话";
    ASSERT_TRUE(system().run(publish_part(system(), "drain", i, {text, text + "，再加一句"})));
  }
  system().service->signal(SIGTERM);
  EXPECT_EQ(system().service->wait(30s), 0);
  system().start_service();
  for (std::uint32_t i = 0; i < kParts; ++i) {
    EXPECT_TRUE(stored(proto::kVectorsStream, proto::vectors_subject(version_of("drain"), i))) << i;
  }
  EXPECT_TRUE(system().serves());
}

TEST_F(EmbeddingServiceTest, ExitsWithASentenceThatNamesAMissingModel) {
  const auto log = system().directory.path() / "missing";
  kefu::testing::Process process({.command = {KEFU_EMBEDDING, "--model", "/nowhere/model.gguf", "--nats-url",
                                              system().nats.url(), "--admin-port", "0"},
                                  .output = log});
  EXPECT_EQ(process.wait(20s), 1);
  std::ostringstream text;
  text << std::ifstream(log).rdbuf();
  EXPECT_NE(text.str().find("cannot open the embedding model /nowhere/model.gguf: No such file or directory"),
            std::string::npos)
      << text.str();
}

}  // namespace
}  // namespace kefu::embedding
