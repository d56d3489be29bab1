#pragma once

#include <kefu/base/deadline.hpp>
#include <kefu/bus/message_bus.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

namespace kefu::bus::jetstream {

/// One request to the server's API ("STREAM.INFO.<stream>" and the like) and its parsed answer.
/// Errors: what the server says, see read_answer().
Task<Result<nlohmann::json>> call(MessageBus& bus, std::string operation, nlohmann::json body,
                                  Deadline deadline);

/// Parses what the server answers to API calls and to messages that it stores, and maps its errors:
/// `not_found`, `conflict`, `insufficient_storage`, `payload_too_large`, `invalid_argument`, `unavailable`,
/// `bad_upstream`.
Result<nlohmann::json> read_answer(std::string_view payload);

/// The detail that an Error has for this error code of the server.
std::string detail_of(std::uint64_t error_code);

/// A field of an answer: zero or empty when it is absent or of another type.
std::uint64_t number(const nlohmann::json& object, const char* field);
std::string text(const nlohmann::json& object, const char* field);

/// A message goes to a subject that a stream takes; returns the server's acknowledgement.
Task<Result<nlohmann::json>> store(MessageBus& bus, Message message, Deadline deadline);

}  // namespace kefu::bus::jetstream
