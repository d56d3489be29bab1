#pragma once

#include "kefu/v1/ask.pb.h"
#include "reply.hpp"

#include <kefu/async/in_flight_limit.hpp>
#include <kefu/bus/message_bus.hpp>
#include <kefu/telemetry/metrics.hpp>

#include <chrono>
#include <memory>
#include <string>

namespace kefu::gateway {

/// /v1/ask: carries the question to answer, and its events back as one JSON object or as server-sent events.
class AskRoutes {
 public:
  /// At most `max_in_flight` questions are open; more are refused with `overloaded`.
  AskRoutes(bus::MessageBus& bus, telemetry::Metrics& metrics, std::size_t max_in_flight);

  Task<Result<Reply>> ask(RequestContext context, const Caller& caller, http::Exchange& exchange);

 private:
  /// The events of one question, of which the first has come.
  struct Events {
    std::unique_ptr<bus::ReplyStream> replies;
    kefu::v1::AskEvent event;
    bool last = false;
    /// Replaces `event` by the next one.
    Task<Result<>> advance();
  };

  Task<Result<Events>> begin(RequestContext context, std::string request);
  Task<Result<Events>> begin_once(RequestContext context, std::string request);
  Task<Result<Reply>> answer_whole(RequestContext context, std::string request,
                                   Deadline::Clock::time_point asked);
  Task<Result<Reply>> answer_stream(RequestContext context, std::string request,
                                    Deadline::Clock::time_point asked, http::Exchange& exchange);
  Task<Result<>> send_events(RequestContext context, Events events, Deadline::Clock::time_point asked,
                             http::Exchange& exchange);

  bus::MessageBus& bus_;
  InFlightLimit limit_;
  telemetry::Counter asked_again_;
};

}  // namespace kefu::gateway
