#include "open_ai_llm_client.hpp"

#include "llama_server.hpp"
#include "tiny_llm.hpp"
#include "tls_front.hpp"

#include <kefu/testing/run_task.hpp>
#include <kefu/testing/tcp_gate.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>

namespace kefu::answer {
namespace {

using namespace std::chrono_literals;

class RealLlm : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { server_ = std::make_unique<testing::LlamaServer>(); }
  static void TearDownTestSuite() { server_.reset(); }

  struct Outcome {
    Result<Completion> completion;
    std::vector<std::string> deltas;
    std::string text() const {
      std::string all;
      for (const std::string& delta : deltas) all += delta;
      return all;
    }
  };

  static std::string plain_url(std::uint16_t port) { return fmt::format("http://127.0.0.1:{}/v1", port); }

  /// Waits while the server still loads its model.
  Outcome complete(const std::string& url, std::string ca_file = {}, Deadline deadline = Deadline::in(20s)) {
    telemetry::Metrics metrics;
    provider::Client client(
        io_.get_executor(),
        {.role = provider::kLlm,
         .endpoint = {.base_url = url, .model = "tiny", .api_key = api_key_, .ca_file = std::move(ca_file)}},
        metrics);
    OpenAiLlmClient llm(client, max_tokens_);
    return kefu::testing::run_task(io_, complete(llm, deadline));
  }

  static Task<Outcome> complete(LlmClient& llm, Deadline deadline) {
    std::vector<std::string> deltas;
    for (;;) {
      const std::vector<ChatMessage> messages{{"system", "请只根据资料回答。"}, {"user", "退货运费谁出?"}};
      auto completion = co_await llm.complete(
          messages,
          [&deltas](std::string_view delta) -> Result<> {
            deltas.emplace_back(delta);
            return {};
          },
          deadline);
      const bool loading = !completion && completion.error().code == Errc::unavailable &&
                           completion.error().detail.starts_with("status 503");
      if (!loading || deadline.passed()) co_return Outcome{std::move(completion), std::move(deltas)};
      co_await sleep_for(20ms);
    }
  }

  asio::io_context io_;
  std::string api_key_ = testing::LlamaServer::kApiKey;
  std::size_t max_tokens_ = 64;
  static std::unique_ptr<testing::LlamaServer> server_;
};
std::unique_ptr<testing::LlamaServer> RealLlm::server_;

TEST_F(RealLlm, WritesPieceByPieceAndCountsItsTokens) {
  const Outcome outcome = complete(plain_url(server_->port()));
  ASSERT_TRUE(outcome.completion) << outcome.completion.error().message << outcome.completion.error().detail;
  EXPECT_EQ(outcome.text(), testing::kTinyAnswer);
  EXPECT_GT(outcome.deltas.size(), 3U);
  EXPECT_GT(outcome.completion->prompt_tokens, 10U);
  EXPECT_EQ(outcome.completion->completion_tokens, std::uint64_t{testing::kTinyAnswerTokens});
  EXPECT_FALSE(outcome.completion->cut);
}

TEST_F(RealLlm, SaysWhenItsAnswerWasCut) {
  max_tokens_ = 3;
  const Outcome outcome = complete(plain_url(server_->port()));
  ASSERT_TRUE(outcome.completion);
  EXPECT_TRUE(outcome.completion->cut);
  EXPECT_EQ(outcome.text(), "质量问题的");
}

TEST_F(RealLlm, RefusesAWrongKey) {
  api_key_ = "wrong";
  const Outcome outcome = complete(plain_url(server_->port()));
  ASSERT_FALSE(outcome.completion);
  EXPECT_EQ(outcome.completion.error().code, Errc::bad_upstream);
  EXPECT_TRUE(outcome.deltas.empty());
}

TEST_F(RealLlm, IsReadRightHoweverTheNetworkCutsItsBytes) {
  kefu::testing::TcpGate gate(server_->port());
  gate.split(7);
  const Outcome outcome = complete(plain_url(gate.port()));
  ASSERT_TRUE(outcome.completion);
  EXPECT_EQ(outcome.text(), testing::kTinyAnswer);
}

TEST_F(RealLlm, IsGivenUpAtTheDeadline) {
  kefu::testing::TcpGate gate(server_->port());
  gate.pause();
  const Outcome outcome = complete(plain_url(gate.port()), {}, Deadline::in(200ms));
  ASSERT_FALSE(outcome.completion);
  EXPECT_EQ(outcome.completion.error().code, Errc::deadline_exceeded);
}

TEST_F(RealLlm, IsUnavailableWhenNobodyListens) {
  const Outcome outcome = complete(plain_url(kefu::testing::free_port()));
  ASSERT_FALSE(outcome.completion);
  EXPECT_EQ(outcome.completion.error().code, Errc::unavailable);
}

TEST_F(RealLlm, AnswersOverHttpsToWhoTrustsItsCertificate) {
  testing::TlsFront front(io_, server_->port());
  const std::string url = fmt::format("https://localhost:{}/v1", front.port());
  const Outcome trusted = complete(url, front.ca_file());
  const Outcome untrusted = complete(url);
  kefu::testing::run_task(io_, front.close());
  ASSERT_TRUE(trusted.completion) << trusted.completion.error().message << trusted.completion.error().detail;
  EXPECT_EQ(trusted.text(), testing::kTinyAnswer);
  ASSERT_FALSE(untrusted.completion);
  EXPECT_EQ(untrusted.completion.error().code, Errc::unavailable);
}

}  // namespace
}  // namespace kefu::answer
