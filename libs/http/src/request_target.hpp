#pragma once

#include <kefu/base/error.hpp>
#include <kefu/http/server.hpp>

#include <string_view>

namespace kefu::http {

/// Fills path, encoded_path and query of `head` from the target of a request line: "/path?a=1",
/// "http://host/path" or "*". In the query a plus sign is a space, and the first of two equal names counts.
/// Errors: `invalid_argument`.
Result<> take_request_target(std::string_view target, RequestHead& head);

}  // namespace kefu::http
