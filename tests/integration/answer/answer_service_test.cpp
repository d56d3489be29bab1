#include "answer_service.hpp"

#include "kefu/v1/embedding.pb.h"
#include "llama_server.hpp"
#include "tiny_llm.hpp"

#include <kefu/base/ids.hpp>
#include <kefu/bus/jetstream.hpp>
#include <kefu/bus/nats_bus.hpp>
#include <kefu/proto/subjects.hpp>
#include <kefu/testing/run_task.hpp>
#include <kefu/testing/servers.hpp>
#include <kefu/usage/budgets.hpp>
#include <kefu/vector/codec.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <memory>

namespace kefu::answer {
namespace {

using namespace std::chrono_literals;
using kefu::testing::run_task;
using ::testing::HasSubstr;

constexpr const char* kPassage = "质量问题的运费由商家承担。";

/// What the index of this test holds: one passage that answers, or none that does.
kefu::v1::SearchResponse search_reply(const kefu::v1::SearchRequest& request) {
  kefu::v1::SearchResponse response;
  response.set_lexical_only(request.vector().empty());
  response.mutable_background()->set_mean(0.82F);
  response.mutable_background()->set_deviation(0.02F);
  response.mutable_background()->set_passages(500);
  auto& hit = *response.add_hits();
  const bool related = request.question().contains("运费");
  hit.set_filename("handbook.md");
  hit.set_dense(related ? 0.93F : 0.82F);
  hit.set_coverage(related ? 0.9F : 0.0F);
  hit.mutable_passage()->set_kind(kefu::v1::PASSAGE_KIND_TEXT);
  hit.mutable_passage()->set_document_id("handbook.md");
  hit.mutable_passage()->set_text(kPassage);
  return response;
}

/// The service on a real nats-server, with embedding and index played by the test on a connection of their
/// own.
class Service : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    nats_ = std::make_unique<kefu::testing::NatsServer>();
    llm_ = std::make_unique<testing::LlamaServer>();
  }
  static void TearDownTestSuite() {
    llm_.reset();
    nats_.reset();
  }

  void SetUp() override {
    for (auto* const bus : {&client_, &service_bus_}) {
      ASSERT_TRUE(bus->start());
      ASSERT_TRUE(run_task(io_, bus->wait_connected(Deadline::in(10s))));
    }
    ASSERT_TRUE(run_task(io_, bucket_.ensure(0ms, Deadline::in(10s))));
    kefu::v1::KnowledgeBase shop;
    shop.set_name("shop");
    shop.set_incarnation("inc1");
    ASSERT_TRUE(run_task(
        io_, bucket_.put(subject_token("shop"), shop.SerializeAsString(), std::nullopt, Deadline::in(10s))));
  }

  void TearDown() override {
    released_ = true;
    search_gate_.raise();
    if (service_) run_task(io_, service_->drain());
    service_.reset();
    stop_embedding();
    stop_index();
    for (auto* const bus : {&service_bus_, &client_}) run_task(io_, bus->drain(Deadline::in(5s)));
  }

  void start(Config config = {}) {
    start_embedding();
    start_index();
    // A round trip on the same connection: the server knows of both subscriptions before anybody asks.
    ASSERT_TRUE(run_task(io_, bucket_.get(subject_token("shop"), Deadline::in(10s))));
    make(std::move(config));
    const auto started = run_task(io_, service_->start());
    ASSERT_TRUE(started) << started.error().message;
  }
  void make(Config config) {
    service_ = std::make_unique<AnswerService>(
        AnswerService::Parts{.executor = io_.get_executor(),
                             .log = log_,
                             .metrics = metrics_,
                             .bus = service_bus_,
                             .knowledge_bases = bucket_of_service(proto::kKnowledgeBasesBucket),
                             .usage = bucket_of_service(proto::kUsageBucket),
                             .budgets = bucket_of_service(proto::kBudgetsBucket)},
        std::move(config));
  }
  std::unique_ptr<bus::KeyValueBucket> bucket_of_service(std::string_view name) {
    return std::make_unique<bus::JetStreamBucket>(io_.get_executor(), service_bus_, std::string(name));
  }
  static Config with_llm(std::uint16_t port) {
    Config config;
    config.llm.urls = fmt::format("http://127.0.0.1:{}/v1", port);
    config.llm.model = "tiny";
    config.llm.api_keys = testing::LlamaServer::kApiKey;
    EXPECT_TRUE(config.complete());
    return config;
  }

  static Task<Result<std::string>> embed() {
    constexpr std::array<float, 4> kVector{0.5F, 0.5F, 0.5F, 0.5F};
    kefu::v1::EmbedResponse response;
    response.set_format(kefu::v1::VECTOR_FORMAT_FLOAT16);
    response.set_dimensions(kVector.size());
    response.set_vectors(vector::encode(kVector, kefu::v1::VECTOR_FORMAT_FLOAT16));
    response.set_model_fingerprint("tiny");
    response.mutable_usage()->set_embedding_tokens(6);
    co_return response.SerializeAsString();
  }
  Task<Result<std::string>> search(std::string payload) {
    kefu::v1::SearchRequest request;
    request.ParseFromString(payload);
    searches_.push_back(request);
    while (hold_searches_ && !released_) co_await search_gate_.wait(Deadline::in(20s));
    co_return search_reply(request).SerializeAsString();
  }
  void start_embedding() {
    auto served = client_.serve({.subject = std::string(proto::kEmbed), .queue_group = "embedding"},
                                [](RequestContext, bus::Message, bus::ReplySink&) { return embed(); });
    ASSERT_TRUE(served);
    embedding_ = std::move(*served);
  }
  void start_index() {
    auto served = client_.serve({.subject = std::string(proto::kSearch), .queue_group = "index"},
                                [this](RequestContext, bus::Message message, bus::ReplySink&) {
                                  return search(std::move(message.payload));
                                });
    ASSERT_TRUE(served);
    index_ = std::move(*served);
  }
  void stop(std::unique_ptr<bus::Subscription>& subscription) {
    if (subscription) run_task(io_, subscription->drain());
    subscription.reset();
  }
  void stop_embedding() { stop(embedding_); }
  void stop_index() { stop(index_); }

  static RequestContext context(std::chrono::milliseconds time = 20s) {
    return {.request_id = random_id(), .deadline = Deadline::in(time)};
  }
  static bus::Message ask_message(const kefu::v1::AskRequest& request) {
    return {.subject = std::string(proto::kAsk), .payload = request.SerializeAsString()};
  }
  static kefu::v1::AskRequest question(const std::string& text, bool stream = false) {
    kefu::v1::AskRequest request;
    request.set_kb("shop");
    request.set_question(text);
    request.set_stream(stream);
    return request;
  }
  /// Every event up to the last.
  Task<Result<std::vector<kefu::v1::AskEvent>>> ask(kefu::v1::AskRequest request) {
    KEFU_CO_TRY(const auto replies, client_.request_stream(context(), ask_message(request), 100));
    std::vector<kefu::v1::AskEvent> events;
    for (bool last = false; !last;) {
      KEFU_CO_TRY(const auto item, co_await replies->next());
      events.emplace_back().ParseFromString(item.message.payload);
      last = item.last;
    }
    co_return events;
  }
  Result<kefu::v1::Answer> answer(const kefu::v1::AskRequest& request) {
    auto events = run_task(io_, ask(request));
    if (!events) return fail(events.error());
    return events->back().done();
  }

  Task<void> ask_in_background(kefu::v1::AskRequest request, std::optional<bool>& answered) {
    const auto events = co_await ask(std::move(request));
    answered = events.has_value();
  }
  Task<void> drain_in_background(bool& drained) {
    co_await service_->drain();
    drained = true;
  }
  Task<bool> model_has_loaded() {
    const Deadline deadline = Deadline::in(20s);
    while (!deadline.passed()) {
      const auto events = co_await ask(question("退货的运费谁出?"));
      if (!events) {
        ADD_FAILURE() << events.error().message;
        co_return false;
      }
      if (events->back().done().decision() == kefu::v1::DECISION_GENERATED) co_return true;
      co_await sleep_for(20ms);
    }
    co_return false;
  }
  Task<bool> is_refused_eventually() {
    const Deadline deadline = Deadline::in(10s);
    while (!deadline.passed()) {
      // The index of this test holds every search, so a question that is still taken ends at its deadline.
      const auto reply = co_await client_.request(context(200ms), ask_message(question("退货的运费谁出?")));
      if (!reply && reply.error().code == Errc::unavailable) co_return true;
    }
    co_return false;
  }

  asio::io_context io_;
  telemetry::Metrics metrics_;
  telemetry::Logger log_{"kefu-answer", telemetry::Level::warning, [](std::string_view) {}};
  bus::NatsBus client_{io_.get_executor(), {.url = nats_->url(), .client_name = "test"}, [](bool) {}};
  bus::NatsBus service_bus_{io_.get_executor(), {.url = nats_->url(), .client_name = "answer"}, [](bool) {}};
  bus::JetStreamBucket bucket_{io_.get_executor(), client_, std::string(proto::kKnowledgeBasesBucket)};
  std::unique_ptr<bus::Subscription> embedding_;
  std::unique_ptr<bus::Subscription> index_;
  std::unique_ptr<AnswerService> service_;
  std::vector<kefu::v1::SearchRequest> searches_;
  bool hold_searches_ = false;
  bool released_ = false;
  Signal search_gate_{io_.get_executor()};

  static std::unique_ptr<kefu::testing::NatsServer> nats_;
  static std::unique_ptr<testing::LlamaServer> llm_;
};
std::unique_ptr<kefu::testing::NatsServer> Service::nats_;
std::unique_ptr<testing::LlamaServer> Service::llm_;

TEST_F(Service, AnswersAQuestionWithOneReply) {
  start();
  const auto events = run_task(io_, ask(question("退货的运费谁出?")));
  ASSERT_TRUE(events) << events.error().message;
  ASSERT_EQ(events->size(), 1U);
  const auto& answer = events->front().done();
  EXPECT_EQ(answer.answer(), kPassage);
  EXPECT_EQ(answer.decision(), kefu::v1::DECISION_EXTRACTED);
  EXPECT_EQ(answer.usage().embedding_tokens(), 6U);
  EXPECT_EQ(answer.degraded(), "");
  ASSERT_EQ(searches_.size(), 1U);
  EXPECT_EQ(searches_[0].kb_incarnation(), "inc1");
  EXPECT_EQ(searches_[0].vector().size(), 4 * sizeof(float)) << "of the float16 that embedding sent";
}

TEST_F(Service, StreamsWhatARealModelWrites) {
  start(with_llm(llm_->port()));
  ASSERT_TRUE(run_task(io_, model_has_loaded()));
  const auto events = run_task(io_, ask(question("退货的运费谁出?", true)));
  ASSERT_TRUE(events) << events.error().message;
  ASSERT_GT(events->size(), 3U);
  EXPECT_EQ(events->front().sources().sources_size(), 1);
  std::string text;
  for (const auto& event : *events) text += event.delta();
  EXPECT_EQ(text, testing::kTinyAnswer);
  const auto& answer = events->back().done();
  EXPECT_EQ(answer.answer(), testing::kTinyAnswer);
  EXPECT_EQ(answer.decision(), kefu::v1::DECISION_GENERATED);
  EXPECT_GT(answer.usage().prompt_tokens(), 0U);
  EXPECT_EQ(answer.usage().completion_tokens(), std::uint64_t{testing::kTinyAnswerTokens});
}

TEST_F(Service, AnswersWithoutTheModelWhenItCannotBeReached) {
  start(with_llm(kefu::testing::free_port()));
  const auto got = answer(question("退货的运费谁出?", true));
  ASSERT_TRUE(got);
  EXPECT_EQ(got->decision(), kefu::v1::DECISION_EXTRACTED);
  EXPECT_THAT(got->degraded(), HasSubstr("without a language model"));
  for (const auto& condition : service_->conditions()) {
    EXPECT_NE(condition.state, service::Condition::State::failed);
    if (condition.name == "language_model") {
      EXPECT_EQ(condition.state, service::Condition::State::degraded);
    }
  }
}

TEST_F(Service, KnowsFromItsStartWhoseBudgetIsUsedUp) {
  bus::JetStreamBucket bucket(io_.get_executor(), client_, std::string(proto::kBudgetsBucket));
  ASSERT_TRUE(run_task(io_, bucket.ensure(0ms, Deadline::in(10s))));
  kefu::v1::Budget budget;
  budget.set_scope(kefu::v1::Budget::SCOPE_KEY);
  budget.set_name("poor");
  budget.set_tokens_per_day(0);
  ASSERT_TRUE(run_task(io_, usage::Budgets(bucket).put(budget, Deadline::in(10s))));
  start(with_llm(llm_->port()));
  auto request = question("退货的运费谁出?");
  request.set_key_id("poor");
  const auto got = answer(request);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->decision(), kefu::v1::DECISION_EXTRACTED);
  EXPECT_THAT(got->degraded(), HasSubstr("the budget of API key poor"));
}

TEST_F(Service, SearchesByWordsAloneWhenNobodyEmbeds) {
  start();
  stop_embedding();
  const auto got = answer(question("明天会下雨吗"));
  ASSERT_TRUE(got);
  EXPECT_EQ(got->decision(), kefu::v1::DECISION_REFUSED);
  EXPECT_EQ(got->degraded(), "searched by words alone: the embedding service does not answer");
  EXPECT_EQ(searches_.at(0).vector(), "");
}

TEST_F(Service, IsUnavailableAtOnceWhenNobodySearches) {
  start();
  stop_index();
  const auto got = answer(question("退货的运费谁出?"));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Errc::unavailable);
  EXPECT_THAT(metrics_.expose(),
              HasSubstr("kefu_answer_errors_total{code=\"unavailable\",operation=\"ask\"} 1"));
}

TEST_F(Service, KnowsWhichKnowledgeBasesThereAre) {
  start();
  auto request = question("退货的运费谁出?");
  request.set_kb("elsewhere");
  const auto got = answer(request);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Errc::not_found);
}

TEST_F(Service, RefusesWhatIsNoRequest) {
  start();
  for (const auto subject : {proto::kAsk, proto::kRetrieve}) {
    bus::Message message{.subject = std::string(subject), .payload = "\xff\xff\xff"};
    const auto reply = run_task(io_, client_.request(context(), message));
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code, Errc::invalid_argument);
  }
}

TEST_F(Service, Retrieves) {
  start();
  kefu::v1::RetrieveRequest request;
  request.set_kb("shop");
  request.set_question("退货的运费谁出?");
  request.set_top_k(3);
  bus::Message message{.subject = std::string(proto::kRetrieve), .payload = request.SerializeAsString()};
  const auto reply = run_task(io_, client_.request(context(), message));
  ASSERT_TRUE(reply) << reply.error().message;
  kefu::v1::RetrieveResponse response;
  ASSERT_TRUE(response.ParseFromString(reply->payload));
  EXPECT_EQ(response.hits_size(), 1);
  EXPECT_EQ(response.usage().embedding_tokens(), 6U);
}

TEST_F(Service, RefusesAtOnceOverItsLimit) {
  Config config;
  config.max_in_flight = 1;
  hold_searches_ = true;
  start(config);
  TaskGroup group(io_.get_executor(),
                  [](std::exception_ptr exception) { std::rethrow_exception(exception); });
  std::optional<bool> first;
  group.spawn(ask_in_background(question("退货的运费谁出?"), first));
  ASSERT_TRUE(run_task(io_, kefu::testing::eventually([this] { return !searches_.empty(); })));
  const auto second = answer(question("退货的运费谁出?"));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::overloaded);
  released_ = true;
  search_gate_.raise();
  run_task(io_, group.join());
  EXPECT_EQ(first, true);
}

TEST_F(Service, FinishesWhatIsOpenBeforeItStops) {
  hold_searches_ = true;
  start();
  TaskGroup group(io_.get_executor(),
                  [](std::exception_ptr exception) { std::rethrow_exception(exception); });
  std::optional<bool> answered;
  group.spawn(ask_in_background(question("退货的运费谁出?"), answered));
  ASSERT_TRUE(run_task(io_, kefu::testing::eventually([this] { return !searches_.empty(); })));
  bool drained = false;
  group.spawn(drain_in_background(drained));
  // Once the subscription is gone, new questions find nobody.
  EXPECT_TRUE(run_task(io_, is_refused_eventually()));
  EXPECT_FALSE(drained);
  released_ = true;
  search_gate_.raise();
  run_task(io_, group.join());
  EXPECT_TRUE(drained);
  EXPECT_EQ(answered, true);
  service_.reset();
}

}  // namespace
}  // namespace kefu::answer
