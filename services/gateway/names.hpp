#pragma once

#include <kefu/base/error.hpp>
#include <kefu/directory/kb_name.hpp>

#include <string_view>

namespace kefu::gateway {

/// Names that users give to other things than knowledge bases: UTF-8 of 1 to `max_bytes` bytes without '/'
/// and control characters. `what` begins the message. Errors: `invalid_argument`.
Result<> validate_name(std::string_view what, std::string_view name, std::size_t max_bytes);

using directory::check_kb_name;

/// Also refuses "." and "..", which clients take out of the path of a URL.
Result<> validate_filename(std::string_view name);

}  // namespace kefu::gateway
