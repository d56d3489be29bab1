#pragma once

#include "chat_json.hpp"
#include "questions.hpp"
#include "reply.hpp"

namespace kefu::gateway {

/// /v1/chat/completions: a question in OpenAI's format.
class ChatRoutes {
 public:
  explicit ChatRoutes(Questions& questions) : questions_(questions) {}

  Task<Result<Reply>> complete(RequestContext context, const Caller& caller, http::Exchange& exchange);

 private:
  Task<Result<Reply>> answer_whole(ChatReplyHead head, QuestionEvents events);
  Task<Result<Reply>> answer_stream(RequestContext context, ChatReplyHead head, QuestionEvents events,
                                    http::Exchange& exchange);
  Task<Result<>> send_chunks(ChatReplyHead head, QuestionEvents events, http::Exchange& exchange);

  Questions& questions_;
};

}  // namespace kefu::gateway
