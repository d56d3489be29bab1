#pragma once

#include <string_view>

namespace kefu::gateway {

/// openapi.json, which is compiled in.
std::string_view openapi_document();

}  // namespace kefu::gateway
