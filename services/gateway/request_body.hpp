#pragma once

#include <kefu/async/task.hpp>
#include <kefu/base/error.hpp>
#include <kefu/http/server.hpp>

#include <cstddef>
#include <string>

namespace kefu::gateway {

/// Room for the longest question with every character as two \uXXXX escapes.
inline constexpr std::size_t kMaxJsonBytes = std::size_t{64} << 10;

/// The body of a request that takes JSON alone. Errors: `unsupported_media` (a form of a web page cannot send
/// application/json without asking first), and those of Exchange::read_body.
Task<Result<std::string>> read_json_body(http::Exchange& exchange, std::size_t limit);
/// The same where a body may be left out, and then its type too.
Task<Result<std::string>> read_optional_json_body(http::Exchange& exchange, std::size_t limit);

}  // namespace kefu::gateway
