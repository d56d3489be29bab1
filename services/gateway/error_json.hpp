#pragma once

#include <kefu/base/error.hpp>
#include <kefu/http/message.hpp>

#include <string>

namespace kefu::gateway {

/// `{"error":{"code","message","request_id"}}`, without the error's detail.
std::string error_json(const Error& error, const std::string& request_id);

/// The response to a request that failed, with `Retry-After` where trying again soon makes sense.
http::Response error_response(const Error& error, const std::string& request_id);

}  // namespace kefu::gateway
