#include "ask.hpp"

#include "ask_json.hpp"
#include "error_json.hpp"
#include "event_stream.hpp"
#include "request_body.hpp"

#include <kefu/http/sse.hpp>

#include <utility>

namespace kefu::gateway {
namespace {

using Clock = std::chrono::steady_clock;

/// Whoever holds another key must not go on with a conversation by guessing its name. No name holds a slash.
std::string session_of(const Caller& caller, const std::string& named) {
  return named.empty() ? "" : caller.key_id + "/" + named;
}

std::string sse(const kefu::v1::AskEvent& event, Clock::time_point asked, const std::string& request_id) {
  if (event.has_sources()) return http::format_sse("sources", sources_json(event.sources()));
  if (event.has_done())
    return http::format_sse("done", answer_json(event.done(), Clock::now() - asked, request_id));
  return http::format_sse("delta", delta_json(event.delta()));
}

}  // namespace

Task<Result<Reply>> AskRoutes::ask(RequestContext context, const Caller& caller, http::Exchange& exchange) {
  const auto asked = Clock::now();
  KEFU_CO_TRY(const std::string body, co_await read_json_body(exchange, kMaxJsonBytes));
  KEFU_CO_TRY(kefu::v1::AskRequest request, parse_ask_request(body));
  KEFU_CO_CHECK(caller.check(request.kb()));
  request.set_key_id(caller.key_id);
  request.set_session(session_of(caller, request.session()));
  request.set_stream(request.stream() || wants_events(exchange.head()));
  const bool stream = request.stream();
  // The head of a stream waits for the first event, so that what fails before it still gets its own status.
  KEFU_CO_TRY(QuestionEvents events, co_await questions_.ask(context, std::move(request)));
  if (stream) co_return co_await answer_stream(std::move(context), std::move(events), asked, exchange);
  co_return co_await answer_whole(std::move(context), std::move(events), asked);
}

Task<Result<Reply>> AskRoutes::answer_whole(RequestContext context, QuestionEvents events,
                                            Clock::time_point asked) {
  while (!events.last) KEFU_CO_CHECK(co_await events.advance());
  co_return json_reply(200, answer_json(events.event.done(), Clock::now() - asked, context.request_id));
}

Task<Result<Reply>> AskRoutes::answer_stream(RequestContext context, QuestionEvents events,
                                             Clock::time_point asked, http::Exchange& exchange) {
  KEFU_CO_CHECK(co_await exchange.begin_stream(event_stream_head(context)));
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

Task<Result<>> AskRoutes::send_events(RequestContext context, QuestionEvents events, Clock::time_point asked,
                                      http::Exchange& exchange) {
  for (;;) {
    KEFU_CO_CHECK(co_await exchange.write(sse(events.event, asked, context.request_id)));
    if (events.last) co_return Result<>{};
    KEFU_CO_CHECK(co_await events.advance());
  }
}

}  // namespace kefu::gateway
