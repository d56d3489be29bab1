#pragma once

#include <kefu/base/error.hpp>
#include <kefu/http/server.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace kefu::gateway {

/// Errors: `invalid_argument` for a parameter that is not in `names`.
Result<> allow_only(const http::RequestHead& head, std::span<const std::string_view> names);
/// A parameter of the query; nullopt when it is absent.
std::optional<std::string> query_parameter(const http::RequestHead& head, const char* name);
/// A whole number from `least` to `most`, `otherwise` when it is absent. Errors: `invalid_argument`.
Result<std::uint64_t> query_integer(const http::RequestHead& head, const char* name, std::uint64_t least,
                                    std::uint64_t most, std::uint64_t otherwise);

}  // namespace kefu::gateway
