#pragma once

#include <kefu/base/error.hpp>

#include <string>
#include <string_view>

namespace kefu::bus {

/// Standard alphabet with padding, as JSON of Go programs has it. Errors: `bad_upstream`.
Result<std::string> decode_base64(std::string_view text);

}  // namespace kefu::bus
