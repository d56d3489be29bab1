#include "held_provider.hpp"
#include "kefu/v1/embedding.pb.h"
#include "kefu/v1/log.pb.h"

#include <kefu/async/task_group.hpp>
#include <kefu/bus/jetstream.hpp>
#include <kefu/bus/nats_bus.hpp>
#include <kefu/http/client.hpp>
#include <kefu/proto/subjects.hpp>
#include <kefu/testing/poll.hpp>
#include <kefu/testing/servers.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iostream>
#include <optional>
#include <sstream>

namespace kefu::embedding {
namespace {

using namespace std::chrono_literals;
using testing::HeldProvider;
using Answer = Result<kefu::v1::EmbedResponse>;

/// Three replicas of one service, behind one provider and one Redis.
class EmbeddingReplicas : public ::testing::Test {
 protected:
  static constexpr std::size_t kReplicas = 3;

  void SetUp() override {
    for (std::size_t i = 0; i < kReplicas; ++i) start(i);
    ASSERT_TRUE(bus_.start());
    ASSERT_TRUE(run(bus_.wait_connected(Deadline::in(10s))));
    for (std::size_t i = 0; i < kReplicas; ++i) ASSERT_TRUE(run(becomes_ready(*this, i)));
    provider_.hold();
  }
  void TearDown() override {
    provider_.release();
    run(clients_.join());
    run(bus_.drain(Deadline::in(5s)));
    if (HasFailure()) std::cerr << std::ifstream(directory_.path() / "log").rdbuf();
  }

  void start(std::size_t replica) {
    ports_[replica] = kefu::testing::free_port();
    replicas_[replica].emplace(kefu::testing::Process::Options{
        .command = {KEFU_EMBEDDING, "--nats-url", nats_.url(), "--redis-url", redis_.url(), "--admin-port",
                    std::to_string(ports_[replica]), "--embedding-url", provider_.url(), "--embedding-model",
                    "held", "--embedding-dimensions", std::to_string(HeldProvider::kDimensions),
                    "--embedding-timeout", "60s"},
        .output = directory_.path() / "log"});
  }

  /// Clients that ask for the same text at once.
  void ask(std::size_t clients, std::string text, std::chrono::seconds within = 30s) {
    for (std::size_t i = 0; i < clients; ++i) clients_.spawn(embed(text, Deadline::in(within)));
  }
  void ask_and_wait_for_the_claims(std::size_t clients, std::string text, std::chrono::seconds within = 30s) {
    ask(clients, std::move(text), within);
    ASSERT_TRUE(becomes(1, "kefu_embedding_claims_total{result=\"won\"}"));
    ASSERT_TRUE(becomes(kReplicas - 1, "kefu_embedding_claims_total{result=\"waited\"}"));
  }
  void join() { run(clients_.join()); }
  bool all_answered() const {
    return std::ranges::all_of(answers_, [](const Answer& answer) { return answer.has_value(); });
  }
  std::size_t answered() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(answers_, [](const Answer& answer) { return answer.has_value(); }));
  }

  template <class T>
  T run(Task<T> task) {
    return kefu::testing::run_task(io_, std::move(task));
  }
  void run(Task<void> task) { kefu::testing::run_task(io_, std::move(task)); }
  /// Of all replicas that live, as they say themselves.
  double sum(const std::string& series) {
    double total = 0;
    for (std::size_t i = 0; i < kReplicas; ++i) total += of(i, series);
    return total;
  }
  double of(std::size_t replica, const std::string& series) {
    std::istringstream lines(run(get(*this, replica, "/metrics")));
    double total = 0;
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with(series)) total += std::stod(line.substr(line.rfind(' ')));
    }
    return total;
  }
  bool becomes(double value, const std::string& series) {
    return kefu::testing::eventually(io_, [&] { return sum(series) == value; });
  }

  kefu::testing::NatsServer nats_;
  kefu::testing::RedisServer redis_;
  kefu::testing::TemporaryDirectory directory_;
  asio::io_context io_;
  HeldProvider provider_{io_};
  bus::NatsBus bus_{io_.get_executor(), {.url = nats_.url(), .client_name = "test"}, [](bool) {}};
  bus::JetStreamStore streams_{bus_};
  TaskGroup clients_{io_.get_executor(), [](std::exception_ptr e) { std::rethrow_exception(std::move(e)); }};
  std::array<std::uint16_t, kReplicas> ports_{};
  std::array<std::optional<kefu::testing::Process>, kReplicas> replicas_;
  std::vector<Answer> answers_;

 private:
  Task<void> embed(std::string text, Deadline deadline) {
    kefu::v1::EmbedRequest request;
    request.set_role(kefu::v1::TEXT_ROLE_QUERY);
    request.add_texts(std::move(text));
    bus::Message message{.subject = std::string(proto::kEmbed), .payload = request.SerializeAsString()};
    const auto reply = co_await bus_.request({"test", deadline}, std::move(message));
    kefu::v1::EmbedResponse response;
    if (reply && response.ParseFromString(reply->payload)) {
      answers_.emplace_back(std::move(response));
    } else {
      answers_.emplace_back(fail(reply ? Error{Errc::internal, "no response"} : reply.error()));
    }
  }
  static Task<std::string> get(EmbeddingReplicas& self, std::size_t replica, std::string path) {
    http::Client client(self.io_.get_executor(), {});
    const auto response = co_await client.send(
        {.url = fmt::format("http://127.0.0.1:{}{}", self.ports_[replica], path)}, Deadline::in(5s));
    co_return response && response->status == 200 ? response->body : std::string();
  }
  static Task<bool> is_ready(EmbeddingReplicas& self, std::size_t replica) {
    const std::string body = co_await get(self, replica, "/readyz");
    co_return !body.empty() && !body.contains("degraded");
  }
  static Task<bool> becomes_ready(EmbeddingReplicas& self, std::size_t replica) {
    return kefu::testing::eventually_true([&self, replica] { return is_ready(self, replica); }, 30s);
  }
};

TEST_F(EmbeddingReplicas, PayOnceForATextThatTwoHundredClientsAskForAtOnce) {
  ask_and_wait_for_the_claims(200, "两百人同时问的新问题");
  provider_.release();
  join();
  ASSERT_EQ(answers_.size(), 200U);
  ASSERT_TRUE(all_answered());
  EXPECT_EQ(provider_.texts(), 1U);
  EXPECT_EQ(sum("kefu_embedding_texts_total{source=\"model\"}"), 1);
  EXPECT_EQ(sum("kefu_embedding_texts_total{source=\"replica\"}"), 2);
  EXPECT_EQ(sum("kefu_embedding_texts_total{source=\"joined\"}"), 197);
  EXPECT_EQ(sum("kefu_embedding_tokens_saved_total{source=\"replica\"}"), 14);
  std::uint64_t spent = 0;
  std::uint64_t saved = 0;
  for (const Answer& answer : answers_) {
    EXPECT_EQ(answer->vectors(), answers_.front()->vectors());
    spent += answer->usage().embedding_tokens();
    saved += answer->usage().saved_tokens();
  }
  EXPECT_EQ(spent, 7U);
  EXPECT_EQ(saved, 199U * 7);
}

TEST_F(EmbeddingReplicas, KeepTheClaimOfOneThatComputesForLongerThanAClaimLasts) {
  ask_and_wait_for_the_claims(50, "a slow one");
  // A claim that nobody renews, made later, is over before this goes on.
  kefu::testing::run_command(
      {"redis-cli", "-p", std::to_string(redis_.port()), "set", "mark", "x", "px", "2500"});
  ASSERT_TRUE(kefu::testing::eventually(io_, [&] {
    return kefu::testing::run_command({"redis-cli", "-p", std::to_string(redis_.port()), "exists", "mark"}) ==
           "0\n";
  }));
  provider_.release();
  join();
  EXPECT_TRUE(all_answered());
  EXPECT_EQ(provider_.texts(), 1U);
}

TEST_F(EmbeddingReplicas, ComputeATextAgainWhenTheOneThatComputesItIsKilled) {
  ask_and_wait_for_the_claims(60, "a text whose claimer dies", 10s);
  provider_.release_later_ones();
  for (std::size_t i = 0; i < kReplicas; ++i) {
    if (of(i, "kefu_embedding_claims_total{result=\"won\"}") == 1) replicas_[i]->kill();
  }
  EXPECT_TRUE(becomes(1, "kefu_embedding_claims_total{result=\"expired\"}"));
  join();
  EXPECT_EQ(provider_.texts(), 2U);
  EXPECT_GT(answered(), 0U);
  EXPECT_EQ(sum("kefu_embedding_errors_total{"), 0);
  for (const Answer& answer : answers_) {
    if (!answer) EXPECT_EQ(answer.error().code, Errc::deadline_exceeded) << answer.error().message;
  }
}

TEST_F(EmbeddingReplicas, ComputeEachForItselfWhenRedisIsKilledWhileTheyWait) {
  ask_and_wait_for_the_claims(60, "a text whose Redis dies");
  redis_.kill();
  EXPECT_TRUE(kefu::testing::eventually(io_, [&] { return provider_.texts() == kReplicas; }));
  provider_.release();
  join();
  EXPECT_EQ(answers_.size(), 60U);
  EXPECT_TRUE(all_answered());
  EXPECT_EQ(provider_.texts(), kReplicas);
  EXPECT_EQ(sum("kefu_embedding_claims_total{result=\"failed\"}"), 2);
}

TEST_F(EmbeddingReplicas, ComputeEachForItselfWhenRedisFallsSilentWhileTheyWait) {
  ask_and_wait_for_the_claims(60, "a text whose Redis is silent");
  redis_.pause();
  EXPECT_TRUE(kefu::testing::eventually(io_, [&] { return provider_.texts() == kReplicas; }));
  provider_.release();
  join();
  redis_.resume();
  EXPECT_EQ(answers_.size(), 60U);
  EXPECT_TRUE(all_answered());
}

TEST_F(EmbeddingReplicas, AnswerWhileRedisIsDownWithOneCallEach) {
  redis_.kill();
  provider_.release();
  ask(60, "a text without Redis");
  join();
  EXPECT_EQ(answers_.size(), 60U);
  EXPECT_TRUE(all_answered());
  EXPECT_LE(provider_.texts(), kReplicas);
}

TEST_F(EmbeddingReplicas, PayOnceForAPassageOfManyDocuments) {
  constexpr int kDocuments = 9;
  for (int i = 0; i < kDocuments; ++i) {
    kefu::v1::PassagePart part;
    part.set_kb_incarnation("inc");
    part.set_kb_generation(1);
    part.set_document(fmt::format("doc{}", i));
    part.set_version(7);
    part.add_passages()->set_text("七天内可以退货。");
    const proto::VersionKey version{
        .kb_incarnation = "inc", .generation = 1, .document = part.document(), .version = 7};
    ASSERT_TRUE(run(
        streams_.append({.subject = proto::passages_subject(version, 0), .payload = part.SerializeAsString()},
                        Deadline::in(5s))));
  }
  ASSERT_TRUE(kefu::testing::eventually(io_, [&] { return provider_.texts() > 0; }));
  provider_.release();
  EXPECT_TRUE(becomes(kDocuments, "kefu_embedding_passages_total"));
  EXPECT_EQ(provider_.texts(), 1U);
}

}  // namespace
}  // namespace kefu::embedding
