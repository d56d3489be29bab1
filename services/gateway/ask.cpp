#include "ask.hpp"

#include "ask_json.hpp"
#include "error_json.hpp"
#include "request_body.hpp"

#include <kefu/http/sse.hpp>
#include <kefu/proto/subjects.hpp>

#include <utility>

namespace kefu::gateway {
namespace {

using Clock = Deadline::Clock;

/// Pieces of text that a slow client may leave waiting before its stream is given up.
constexpr std::size_t kEventCapacity = 1024;

bool wants_events(const http::RequestHead& head) {
  return head.fields.get("Accept").find("text/event-stream") != std::string_view::npos;
}

/// Nothing was answered yet, so the client cannot tell that it was asked twice.
bool another_replica_may_answer(const Error& error) {
  return error.code == Errc::unavailable || error.code == Errc::not_ready;
}

std::unexpected<Error> ended_early() {
  return fail(Errc::bad_upstream, "the answer ended before it was complete");
}

Result<kefu::v1::AskEvent> parse_event(const bus::ReplyStream::Item& item) {
  kefu::v1::AskEvent event;
  if (!event.ParseFromString(item.message.payload) ||
      event.event_case() == kefu::v1::AskEvent::EVENT_NOT_SET) {
    return fail(Errc::bad_upstream, "the answer service gave an answer that cannot be read");
  }
  if (item.last && !event.has_done()) return ended_early();
  return event;
}

std::string sse(const kefu::v1::AskEvent& event, Clock::time_point asked, const std::string& request_id) {
  if (event.has_sources()) return http::format_sse("sources", sources_json(event.sources()));
  if (event.has_done())
    return http::format_sse("done", answer_json(event.done(), Clock::now() - asked, request_id));
  return http::format_sse("delta", delta_json(event.delta()));
}

}  // namespace

AskRoutes::AskRoutes(bus::MessageBus& bus, telemetry::Metrics& metrics, std::size_t max_in_flight)
    : bus_(bus),
      limit_(max_in_flight),
      asked_again_(
          metrics.counter("kefu_gateway_ask_retries_total",
                          "Questions put to a second answer replica because the first could not begin")) {}

Task<Result<Reply>> AskRoutes::ask(RequestContext context, const Caller& caller, http::Exchange& exchange) {
  const auto asked = Clock::now();
  KEFU_CO_TRY(const std::string body, co_await read_json_body(exchange, kMaxJsonBytes));
  KEFU_CO_TRY(kefu::v1::AskRequest request, parse_ask_request(body));
  KEFU_CO_CHECK(caller.check(request.kb()));
  request.set_stream(request.stream() || wants_events(exchange.head()));
  const auto permit = limit_.try_acquire();
  if (!permit) co_return fail(Errc::overloaded, "too many questions are being answered");
  if (request.stream()) {
    co_return co_await answer_stream(std::move(context), request.SerializeAsString(), asked, exchange);
  }
  co_return co_await answer_whole(std::move(context), request.SerializeAsString(), asked);
}

Task<Result<Reply>> AskRoutes::answer_whole(RequestContext context, std::string request,
                                            Clock::time_point asked) {
  const std::string request_id = context.request_id;
  KEFU_CO_TRY(Events events, co_await begin(std::move(context), std::move(request)));
  while (!events.last) KEFU_CO_CHECK(co_await events.advance());
  co_return json_reply(200, answer_json(events.event.done(), Clock::now() - asked, request_id));
}

/// The head waits for the first event, so that what fails before it still gets its own HTTP status.
Task<Result<Reply>> AskRoutes::answer_stream(RequestContext context, std::string request,
                                             Clock::time_point asked, http::Exchange& exchange) {
  KEFU_CO_TRY(Events events, co_await begin(context, std::move(request)));
  http::Response head{.fields = {{"Content-Type", "text/event-stream"},
                                 {"Cache-Control", "no-cache"},
                                 {"X-Accel-Buffering", "no"},
                                 {"X-Request-Id", context.request_id}}};
  KEFU_CO_CHECK(co_await exchange.begin_stream(std::move(head)));
  const std::string request_id = context.request_id;
  auto sent = co_await send_events(std::move(context), std::move(events), asked, exchange);
  if (!sent && sent.error().code != Errc::cancelled) {
    // A client that does not take the error either is gone; the first error is the one to report.
    (void)co_await exchange.write(http::format_sse("error", error_json(sent.error(), request_id)));
  }
  const auto ended = co_await exchange.end_stream();
  KEFU_CO_CHECK(sent);
  KEFU_CO_CHECK(ended);
  co_return Reply{};
}

Task<Result<>> AskRoutes::send_events(RequestContext context, Events events, Clock::time_point asked,
                                      http::Exchange& exchange) {
  for (;;) {
    KEFU_CO_CHECK(co_await exchange.write(sse(events.event, asked, context.request_id)));
    if (events.last) co_return Result<>{};
    KEFU_CO_CHECK(co_await events.advance());
  }
}

Task<Result<AskRoutes::Events>> AskRoutes::begin(RequestContext context, std::string request) {
  auto events = co_await begin_once(context, request);
  if (events || !another_replica_may_answer(events.error()) || !bus_.connected() ||
      context.deadline.passed()) {
    co_return events;
  }
  asked_again_.add();
  co_return co_await begin_once(std::move(context), std::move(request));
}

Task<Result<AskRoutes::Events>> AskRoutes::begin_once(RequestContext context, std::string request) {
  bus::Message message{.subject = std::string(proto::kAsk), .payload = std::move(request)};
  Events events;
  KEFU_CO_TRY(events.replies, bus_.request_stream(std::move(context), std::move(message), kEventCapacity));
  KEFU_CO_CHECK(co_await events.advance());
  co_return events;
}

Task<Result<>> AskRoutes::Events::advance() {
  KEFU_CO_TRY(const bus::ReplyStream::Item item, co_await replies->next());
  KEFU_CO_TRY(event, parse_event(item));
  last = item.last;
  co_return Result<>{};
}

}  // namespace kefu::gateway
