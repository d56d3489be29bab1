#include "embedding_server.hpp"
#include "embedding_system.hpp"

#include <kefu/http/client.hpp>
#include <kefu/testing/poll.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kefu::embedding {
namespace {

using namespace std::chrono_literals;
using testing::EmbeddingServer;
using testing::EmbeddingSystem;
using ::testing::HasSubstr;
using ::testing::Not;

EmbeddingSystem::Model remote(const std::string& url, std::vector<std::string> more = {}) {
  EmbeddingSystem::Model model{.arguments = {"--embedding-url", url, "--embedding-model", "tiny"},
                               .environment = {{"KEFU_EMBEDDING_API_KEY", EmbeddingServer::kApiKey}}};
  model.arguments.insert(model.arguments.end(), more.begin(), more.end());
  return model;
}

struct Readiness {
  int status = 0;
  std::string body;
};

Task<Readiness> readiness(EmbeddingSystem& system) {
  http::Client client(system.io.get_executor(), {});
  const auto response = co_await client.send(
      {.url = fmt::format("http://127.0.0.1:{}/readyz", system.admin_port)}, Deadline::in(5s));
  if (!response) co_return Readiness{};
  co_return Readiness{response->status, response->body};
}

Task<bool> says(EmbeddingSystem& system, std::string words, int& status) {
  const Readiness now = co_await readiness(system);
  status = now.status;
  co_return now.body.contains(words);
}

/// Polls /readyz until it says `words`, and returns its status, 0 when it does not.
Task<int> status_when_it_says(EmbeddingSystem& system, std::string words) {
  int status = 0;
  const auto check = [&] { return says(system, words, status); };
  const bool said = co_await kefu::testing::eventually_true(check, 30s);
  co_return said ? status : 0;
}

proto::VersionKey version_of(std::string document) {
  return {.kb_incarnation = "inc", .generation = 1, .document = std::move(document), .version = 7};
}

Task<Result<std::uint64_t>> publish_part(EmbeddingSystem& system, std::string document, std::string text) {
  kefu::v1::PassagePart part;
  part.set_kb_incarnation("inc");
  part.set_kb_generation(1);
  part.set_document(document);
  part.set_version(7);
  part.add_passages()->set_text(std::move(text));
  return system.streams.append(
      {.subject = proto::passages_subject(version_of(document), 0), .payload = part.SerializeAsString()},
      Deadline::in(5s));
}

Task<bool> has_vectors_now(EmbeddingSystem& system, std::string document) {
  const auto message = co_await system.streams.last(
      std::string(proto::kVectorsStream), proto::vectors_subject(version_of(document), 0), Deadline::in(5s));
  co_return message.has_value();
}

Task<bool> has_vectors(EmbeddingSystem& system, std::string document) {
  return kefu::testing::eventually_true([&system, document] { return has_vectors_now(system, document); },
                                        30s);
}

TEST(RemoteEmbeddingService, WaitsForItsProviderServesAndOutlivesItsOutage) {
  EmbeddingServer server;
  EmbeddingSystem system(remote(server.url()));
  EXPECT_EQ(system.run(status_when_it_says(system, "the embedding provider cannot be reached")), 503);

  server.start();
  ASSERT_TRUE(system.serves()) << system.log();
  EXPECT_EQ(system.run(status_when_it_says(system, "embedding_provider")), 200);
  const auto fresh = system.run(system.embed({"运费谁出?", "another question"}));
  ASSERT_TRUE(fresh) << fresh.error().message;
  EXPECT_EQ(fresh->dimensions(), testing::kTinyDimensions);
  EXPECT_EQ(fresh->vectors().size(), 2 * testing::kTinyDimensions * sizeof(float));
  EXPECT_GT(fresh->usage().embedding_tokens(), 0U);
  ASSERT_TRUE(system.run(publish_part(system, "first", "七天内可以退货。")));
  EXPECT_TRUE(system.run(has_vectors(system, "first")));

  server.kill();
  const auto cached = system.run(system.embed({"运费谁出?"}));
  ASSERT_TRUE(cached);
  EXPECT_EQ(cached->usage().embedding_tokens(), 0U);
  const auto failed = system.run(system.embed({"a new question"}));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Errc::unavailable);
  EXPECT_EQ(system.run(status_when_it_says(system, "\"degraded\"")), 200);
  ASSERT_TRUE(system.run(publish_part(system, "second", "断线时来的一句")));

  server.start();
  EXPECT_TRUE(system.run(has_vectors(system, "second"))) << system.log();
  EXPECT_THAT(system.log(), Not(HasSubstr(EmbeddingServer::kApiKey)));
}

TEST(RemoteEmbeddingService, SaysThatItsKeyIsRefusedAndNeverNamesIt) {
  EmbeddingServer server;
  server.start();
  EmbeddingSystem::Model model = remote(server.url());
  model.environment["KEFU_EMBEDDING_API_KEY"] = "wrong-secret";
  EmbeddingSystem system(std::move(model));
  EXPECT_EQ(system.run(status_when_it_says(system, "the embedding provider refused this service's key")),
            503);
  system.service->signal(SIGTERM);
  EXPECT_EQ(system.service->wait(30s), 0);
  EXPECT_THAT(system.log(), Not(HasSubstr("wrong-secret")));
}

TEST(RemoteEmbeddingService, ServesAtOnceWhereItNeedNotLearnTheDimensions) {
  EmbeddingSystem system(remote("http://127.0.0.1:1/v1", {"--embedding-dimensions", "1536"}));
  EXPECT_EQ(system.run(status_when_it_says(system, "embedding_provider")), 200);
  const auto failed = system.run(system.embed({"a"}));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message, "the embedding provider cannot be reached");
}

}  // namespace
}  // namespace kefu::embedding
