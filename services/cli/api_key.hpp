#pragma once

#include <kefu/base/error.hpp>

#include <string>

namespace kefu::cli {

/// The API key: the first line of `file`, or where that is empty the environment's KEFU_API_KEY; empty when
/// there is none. Never an argument, which every user of the machine could read. Errors: `not_found`,
/// `invalid_argument`; they never show the key.
Result<std::string> read_api_key(const std::string& file);

}  // namespace kefu::cli
