#include "questions.hpp"

#include <kefu/proto/subjects.hpp>

#include <utility>

namespace kefu::gateway {
namespace {

/// Pieces of text that a slow client may leave waiting before its stream is given up.
constexpr std::size_t kEventCapacity = 1024;

bool another_replica_may_answer(const Error& error) {
  return error.code == Errc::unavailable || error.code == Errc::not_ready;
}

Result<kefu::v1::AskEvent> parse_event(const bus::ReplyStream::Item& item) {
  kefu::v1::AskEvent event;
  if (!event.ParseFromString(item.message.payload) ||
      event.event_case() == kefu::v1::AskEvent::EVENT_NOT_SET) {
    return fail(Errc::bad_upstream, "the answer service gave an answer that cannot be read");
  }
  if (item.last && !event.has_done())
    return fail(Errc::bad_upstream, "the answer ended before it was complete");
  return event;
}

}  // namespace

Task<Result<>> QuestionEvents::advance() {
  KEFU_CO_TRY(const bus::ReplyStream::Item item, co_await replies->next());
  KEFU_CO_TRY(event, parse_event(item));
  last = item.last;
  co_return Result<>{};
}

Questions::Questions(bus::MessageBus& bus, telemetry::Metrics& metrics, std::size_t max_in_flight)
    : bus_(bus),
      limit_(max_in_flight),
      asked_again_(
          metrics.counter("kefu_gateway_ask_retries_total",
                          "Questions put to a second answer replica because the first could not begin")) {}

Task<Result<QuestionEvents>> Questions::ask(RequestContext context, kefu::v1::AskRequest request) {
  auto permit = limit_.try_acquire();
  if (!permit) co_return fail(Errc::overloaded, "too many questions are being answered");
  QuestionEvents events{.permit = *std::move(permit)};
  std::string payload = request.SerializeAsString();
  auto begun = co_await begin(context, payload, events);
  if (!begun && another_replica_may_answer(begun.error()) && bus_.connected() && !context.deadline.passed()) {
    asked_again_.add();
    begun = co_await begin(std::move(context), std::move(payload), events);
  }
  KEFU_CO_CHECK(begun);
  co_return events;
}

Task<Result<>> Questions::begin(RequestContext context, std::string request, QuestionEvents& events) {
  bus::Message message{.subject = std::string(proto::kAsk), .payload = std::move(request)};
  KEFU_CO_TRY(events.replies, bus_.request_stream(std::move(context), std::move(message), kEventCapacity));
  auto begun = co_await events.advance();
  if (!begun) co_return fail(proto::name_service(std::move(begun).error(), proto::kAsk));
  co_return Result<>{};
}

}  // namespace kefu::gateway
