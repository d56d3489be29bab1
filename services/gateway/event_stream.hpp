#pragma once

#include <kefu/base/request_context.hpp>
#include <kefu/http/message.hpp>
#include <kefu/http/server.hpp>

#include <string_view>

namespace kefu::gateway {

inline bool wants_events(const http::RequestHead& head) {
  return head.fields.get("Accept").find("text/event-stream") != std::string_view::npos;
}

/// The head of a response of server-sent events, which no proxy shall hold back.
inline http::Response event_stream_head(const RequestContext& context) {
  return http::Response{.fields = {{"Content-Type", "text/event-stream"},
                                   {"Cache-Control", "no-cache"},
                                   {"X-Accel-Buffering", "no"},
                                   {"X-Request-Id", context.request_id}}};
}

}  // namespace kefu::gateway
