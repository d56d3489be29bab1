#pragma once

#include <kefu/base/error.hpp>
#include <kefu/http/message.hpp>

#include <string>
#include <string_view>

namespace kefu::gateway {

/// `{"error":{"code","message","request_id"}}`, without the error's detail.
std::string error_json(const Error& error, const std::string& request_id);
/// The same with the fields that OpenAI's clients read: `type`, and `param`, the field that is wrong.
std::string openai_error_json(const Error& error, const std::string& request_id);

/// Whether requests to this path come from clients of OpenAI's API.
bool is_openai_path(std::string_view path);

/// The response to a request of this path that failed, with `Retry-After` where trying again soon makes
/// sense.
http::Response error_response(const Error& error, const std::string& request_id, std::string_view path);

}  // namespace kefu::gateway
