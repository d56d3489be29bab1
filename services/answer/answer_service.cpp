#include "answer_service.hpp"

#include <kefu/base/ids.hpp>
#include <kefu/proto/subjects.hpp>
#include <kefu/text/normalize.hpp>

#include <chrono>
#include <exception>
#include <utility>

namespace kefu::answer {
namespace {

using namespace std::chrono_literals;
using service::Condition;

constexpr auto kStartWithin = 10s;
constexpr auto kPoll = 5ms;
constexpr std::string_view kQueueGroup = "answer";

/// complete() has checked the settings.
redis::RedisOptions redis_options(const Config& config) {
  return config.redis().value_or(redis::RedisOptions{});
}

Condition optional_dependency(std::string name, const std::string& failure) {
  return {.name = std::move(name),
          .state = failure.empty() ? Condition::State::ok : Condition::State::degraded,
          .reason = failure};
}

}  // namespace

AnswerService::AnswerService(Parts parts, Config config)
    : parts_(std::move(parts)),
      config_(std::move(config)),
      metrics_(parts_.metrics),
      knowledge_bases_(*parts_.knowledge_bases),
      embedding_(parts_.bus),
      search_(parts_.bus),
      redis_(parts_.executor, redis_options(config_)),
      memory_(redis_, config_.conversations),
      provider_(config_.has_llm() ? std::make_optional<provider::Client>(parts_.executor,
                                                                         config_.llm_client(), parts_.metrics)
                                  : std::nullopt),
      accounts_(parts_.executor, *parts_.usage, *parts_.budgets,
                {.replica = random_id(), .prices = config_.model_prices}, parts_.metrics, parts_.log),
      flow_({.knowledge_bases = knowledge_bases_,
             .embedding = embedding_,
             .search = search_,
             .llm = provider_ ? &llm_.emplace(*provider_, config_.llm_max_tokens) : nullptr,
             .memory = &memory_,
             .metrics = metrics_,
             .log = parts_.log,
             .accounts = &accounts_,
             .llm_model = config_.llm.model},
            config_.flow),
      tasks_(parts_.executor, [](std::exception_ptr exception) { std::rethrow_exception(exception); }) {}

Task<Result<>> AnswerService::start() {
  text::warm_up();
  const Deadline deadline = Deadline::in(kStartWithin);
  KEFU_CO_CHECK(co_await parts_.knowledge_bases->ensure(0ms, deadline));
  KEFU_CO_CHECK(co_await accounts_.ensure_storage(deadline));
  accounts_.start(tasks_);
  co_await accounts_.wait_complete(deadline);
  KEFU_CO_CHECK(
      serve(proto::kAsk, [this](RequestContext context, bus::Message message, bus::ReplySink& sink) {
        return ask(std::move(context), std::move(message), sink);
      }));
  KEFU_CO_CHECK(
      serve(proto::kRetrieve, [this](RequestContext context, bus::Message message, bus::ReplySink&) {
        return retrieve(std::move(context), std::move(message));
      }));
  tasks_.spawn(redis_.run());
  tasks_.spawn(knowledge_bases_.run());
  // The list comes over the connection that the subscriptions went out on before: once it is here, the server
  // has them, and "started" is true. Without it questions can be answered too, so lateness is no error.
  while (!knowledge_bases_.complete() && !deadline.passed()) co_await sleep_for(kPoll);
  co_return Result<>{};
}

Result<> AnswerService::serve(std::string_view subject, bus::Handler handler) {
  KEFU_TRY(auto subscription, parts_.bus.serve({.subject = std::string(subject),
                                                .queue_group = std::string(kQueueGroup),
                                                .max_in_flight = config_.max_in_flight},
                                               std::move(handler)));
  subscriptions_.push_back(std::move(subscription));
  return {};
}

/// A knowledge base that the copy lacks is looked up, so an incomplete copy is slow, not wrong.
std::vector<Condition> AnswerService::conditions() const {
  std::vector<Condition> all{
      optional_dependency("knowledge_bases", knowledge_bases_.complete()
                                                 ? std::string()
                                                 : std::string("the list has not been read yet")),
      optional_dependency("embedding", flow_.embedding_failure()),
      optional_dependency("redis",
                          redis_.available() ? std::string() : std::string("sessions are not remembered"))};
  if (provider_) all.push_back(optional_dependency("language_model", flow_.llm_failure()));
  return all;
}

Task<void> AnswerService::drain() {
  for (const auto& subscription : subscriptions_) co_await subscription->drain();
  knowledge_bases_.stop();
  redis_.stop();
  accounts_.stop();
  co_await tasks_.join();
}

Task<Result<std::string>> AnswerService::ask(RequestContext context, bus::Message message,
                                             bus::ReplySink& sink) {
  kefu::v1::AskRequest request;
  if (!request.ParseFromString(message.payload))
    co_return fail(Errc::invalid_argument, "the request cannot be read");
  AnswerFlow::OnEvent on_event;
  if (request.stream())
    on_event = [&sink](const kefu::v1::AskEvent& event) { return sink.send(event.SerializeAsString()); };
  auto answer = co_await flow_.answer(context, std::move(request), std::move(on_event));
  if (!answer) {
    metrics_.failed("ask", answer.error().code);
    parts_.log.failure(telemetry::Level::debug, "a question failed", context, answer.error());
    co_return fail(std::move(answer).error());
  }
  kefu::v1::AskEvent last;
  *last.mutable_done() = std::move(*answer);
  co_return last.SerializeAsString();
}

Task<Result<std::string>> AnswerService::retrieve(RequestContext context, bus::Message message) {
  kefu::v1::RetrieveRequest request;
  if (!request.ParseFromString(message.payload))
    co_return fail(Errc::invalid_argument, "the request cannot be read");
  const auto response = co_await flow_.retrieve(context, std::move(request));
  if (!response) {
    metrics_.failed("retrieve", response.error().code);
    parts_.log.failure(telemetry::Level::debug, "a retrieval failed", context, response.error());
    co_return fail(response.error());
  }
  co_return response->SerializeAsString();
}

}  // namespace kefu::answer
