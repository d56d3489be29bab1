#pragma once

#include "kefu/v1/log.pb.h"
#include "reply.hpp"

#include <kefu/async/in_flight_limit.hpp>
#include <kefu/bus/message_bus.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace kefu::gateway {

/// The state of one job. Errors: those of call(), `not_found`, `permission_denied`.
Task<Result<kefu::v1::JobState>> load_job(bus::MessageBus& bus, RequestContext context, const Caller& caller,
                                          std::uint64_t job);

/// Follows jobs for clients: server-sent events `progress` whenever the job has changed, `done` at its end,
/// `error` when the stream ends before the job does. Each stream asks ingest by itself, some three times a
/// second.
class JobStreams {
 public:
  struct Limits {
    std::size_t streams = 128;
    std::chrono::milliseconds poll_pause{300};
    std::chrono::milliseconds keep_alive{10000};  ///< a comment after so long without an event
    std::chrono::milliseconds life{600000};       ///< of one stream
  };

  explicit JobStreams(bus::MessageBus& bus);
  JobStreams(bus::MessageBus& bus, Limits limits);

  /// Errors: those of load_job() and `overloaded`, before the stream has begun.
  Task<Result<Reply>> follow(RequestContext context, const Caller& caller, http::Exchange& exchange,
                             std::uint64_t job);
  /// Ends all streams at their next look, with an error event.
  void close() { closing_ = true; }

 private:
  Task<Result<>> send_events(RequestContext context, const Caller& caller, http::Exchange& exchange,
                             kefu::v1::JobState state);
  Task<Result<kefu::v1::JobState>> next_state(RequestContext context, const Caller& caller,
                                              kefu::v1::JobState state);

  bus::MessageBus& bus_;
  Limits limits_;
  InFlightLimit streams_;
  bool closing_ = false;
};

}  // namespace kefu::gateway
