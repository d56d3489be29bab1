#include "chat.hpp"

#include "error_json.hpp"
#include "event_stream.hpp"
#include "json_text.hpp"
#include "request_body.hpp"

#include <kefu/http/sse.hpp>

#include <utility>

namespace kefu::gateway {
namespace {

/// OpenAI's events have no names.
std::string chunk(const std::string& data) { return http::format_sse("", data); }

}  // namespace

Task<Result<Reply>> ChatRoutes::complete(RequestContext context, const Caller& caller,
                                         http::Exchange& exchange) {
  KEFU_CO_TRY(const std::string body, co_await read_json_body(exchange, kMaxChatBytes));
  KEFU_CO_TRY(ChatRequest request, parse_chat_request(body));
  KEFU_CO_CHECK(caller.check(request.ask.kb()));
  request.ask.set_key_id(caller.key_id);
  const bool stream = request.ask.stream();
  ChatReplyHead head{.request_id = context.request_id,
                     .model = request.ask.kb(),
                     .created_unix = unix_milliseconds() / 1000,
                     .include_usage = request.include_usage};
  KEFU_CO_TRY(QuestionEvents events, co_await questions_.ask(context, std::move(request.ask)));
  if (stream) {
    co_return co_await answer_stream(std::move(context), std::move(head), std::move(events), exchange);
  }
  co_return co_await answer_whole(std::move(head), std::move(events));
}

Task<Result<Reply>> ChatRoutes::answer_whole(ChatReplyHead head, QuestionEvents events) {
  while (!events.last) KEFU_CO_CHECK(co_await events.advance());
  co_return json_reply(200, chat_completion_json(head, events.event.done()));
}

Task<Result<Reply>> ChatRoutes::answer_stream(RequestContext context, ChatReplyHead head,
                                              QuestionEvents events, http::Exchange& exchange) {
  KEFU_CO_CHECK(co_await exchange.begin_stream(event_stream_head(context)));
  auto sent = co_await send_chunks(std::move(head), std::move(events), exchange);
  if (!sent && sent.error().code != Errc::cancelled) {
    // A client that does not take the error either is gone; the first error is the one to report.
    (void)co_await exchange.write(chunk(openai_error_json(sent.error(), context.request_id)));
  }
  const auto ended = co_await exchange.end_stream();
  KEFU_CO_CHECK(sent);
  KEFU_CO_CHECK(ended);
  co_return Reply{};
}

Task<Result<>> ChatRoutes::send_chunks(ChatReplyHead head, QuestionEvents events, http::Exchange& exchange) {
  KEFU_CO_CHECK(co_await exchange.write(chunk(chat_role_chunk(head))));
  bool has_text = false;
  while (!events.last) {
    if (events.event.has_delta()) {
      has_text = true;
      KEFU_CO_CHECK(co_await exchange.write(chunk(chat_text_chunk(head, events.event.delta()))));
    }
    KEFU_CO_CHECK(co_await events.advance());
  }
  const kefu::v1::Answer& answer = events.event.done();
  std::string end;
  if (!has_text && !answer.answer().empty()) end += chunk(chat_text_chunk(head, answer.answer()));
  end += chunk(chat_end_chunk(head, answer));
  if (head.include_usage) end += chunk(chat_usage_chunk(head, answer));
  end += chunk("[DONE]");
  co_return co_await exchange.write(std::move(end));
}

}  // namespace kefu::gateway
