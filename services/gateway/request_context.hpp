#pragma once

#include <kefu/base/request_context.hpp>
#include <kefu/http/message.hpp>

#include <chrono>
#include <string>

namespace kefu::gateway {

/// The caller's X-Request-Id where it is safe to log and to pass on (1 to 128 letters, digits, `-`, `_`, `.`,
/// `:`), else a new one.
std::string request_id_of(const http::Fields& fields);

/// The context under which a request runs from now on. A malformed traceparent is left out.
RequestContext context_of(const http::Fields& fields, std::chrono::milliseconds time_limit);

}  // namespace kefu::gateway
