#pragma once

#include "kefu/v1/ask.pb.h"

#include <kefu/async/in_flight_limit.hpp>
#include <kefu/async/task.hpp>
#include <kefu/base/error.hpp>
#include <kefu/base/request_context.hpp>
#include <kefu/bus/message_bus.hpp>
#include <kefu/telemetry/metrics.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

namespace kefu::gateway {

/// The events of one question, of which the first has come. It holds a place among the open questions.
struct QuestionEvents {
  InFlightLimit::Permit permit;
  std::unique_ptr<bus::ReplyStream> replies = nullptr;
  kefu::v1::AskEvent event = {};
  bool last = false;  ///< `event` is the answer as a whole

  /// Replaces `event` by the next one. Errors: what answer returned, `bad_upstream`, those of ReplyStream.
  Task<Result<>> advance();
};

/// Puts questions to answer, whichever format they came in.
class Questions {
 public:
  /// At most `max_in_flight` questions are open; more are refused with `overloaded`.
  Questions(bus::MessageBus& bus, telemetry::Metrics& metrics, std::size_t max_in_flight);

  /// A question whose answer replica could not begin is put to another one, once: nothing was answered yet,
  /// so the client cannot tell.
  Task<Result<QuestionEvents>> ask(RequestContext context, kefu::v1::AskRequest request);

 private:
  Task<Result<>> begin(RequestContext context, std::string request, QuestionEvents& events);

  bus::MessageBus& bus_;
  InFlightLimit limit_;
  telemetry::Counter asked_again_;
};

}  // namespace kefu::gateway
