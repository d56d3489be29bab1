#pragma once

#include <kefu/base/deadline.hpp>

#include <string>

namespace kefu {

/// What goes with a request through every service that works on it.
struct RequestContext {
  std::string request_id;  ///< made by the gateway, or taken from the caller's X-Request-Id
  Deadline deadline;
  std::string traceparent = {};  ///< W3C Trace Context header, empty if the caller sent none

  /// The same request with less time, for one step of it.
  RequestContext at_most(Deadline::Clock::duration limit) const {
    return RequestContext{request_id, deadline.at_most(limit), traceparent};
  }
};

}  // namespace kefu
