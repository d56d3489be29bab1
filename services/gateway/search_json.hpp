#pragma once

#include "kefu/v1/search.pb.h"

#include <kefu/base/error.hpp>

#include <string>
#include <string_view>

namespace kefu::gateway {

/// The body of POST /v1/kbs/{kb}/search; the knowledge base is in the path. Errors: `invalid_argument`,
/// naming the field.
Result<kefu::v1::RetrieveRequest> parse_search_request(std::string_view body);

std::string search_json(const kefu::v1::RetrieveResponse& response, const std::string& request_id);

}  // namespace kefu::gateway
