#pragma once

#include "questions.hpp"
#include "reply.hpp"

#include <chrono>

namespace kefu::gateway {

/// /v1/ask: carries the question to answer, and its events back as one JSON object or as server-sent events.
class AskRoutes {
 public:
  explicit AskRoutes(Questions& questions) : questions_(questions) {}

  Task<Result<Reply>> ask(RequestContext context, const Caller& caller, http::Exchange& exchange);

 private:
  using Time = std::chrono::steady_clock::time_point;

  Task<Result<Reply>> answer_whole(RequestContext context, QuestionEvents events, Time asked);
  Task<Result<Reply>> answer_stream(RequestContext context, QuestionEvents events, Time asked,
                                    http::Exchange& exchange);
  Task<Result<>> send_events(RequestContext context, QuestionEvents events, Time asked,
                             http::Exchange& exchange);

  Questions& questions_;
};

}  // namespace kefu::gateway
