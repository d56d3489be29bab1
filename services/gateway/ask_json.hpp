#pragma once

#include "kefu/v1/ask.pb.h"

#include <kefu/base/error.hpp>

#include <chrono>
#include <string>
#include <string_view>

namespace kefu::gateway {

/// The body of POST /v1/ask. Errors: `invalid_argument`, naming the field.
Result<kefu::v1::AskRequest> parse_ask_request(std::string_view body);

/// The answer as a whole: the JSON response, and the data of the event `done`. `elapsed` is the time that the
/// client waited so far.
std::string answer_json(const kefu::v1::Answer& answer, std::chrono::steady_clock::duration elapsed,
                        const std::string& request_id);
/// The data of the event `sources`.
std::string sources_json(const kefu::v1::AskEvent::Sources& sources);
/// The data of the event `delta`.
std::string delta_json(const std::string& text);

}  // namespace kefu::gateway
