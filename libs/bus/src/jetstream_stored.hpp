#pragma once

#include <kefu/base/deadline.hpp>
#include <kefu/bus/stream_store.hpp>

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace kefu::bus::jetstream {

/// Creates the stream of this configuration, or brings the existing one to it.
Task<Result<>> ensure_stream(MessageBus& bus, nlohmann::json config, Deadline deadline);

/// The newest message of a subject. Errors: `not_found`.
Task<Result<StoredMessage>> last_message(MessageBus& bus, std::string stream, std::string subject,
                                         Deadline deadline);

/// The first message of a subject (wildcards allowed) at or after a sequence. Errors: `not_found`.
Task<Result<StoredMessage>> message_at_or_after(MessageBus& bus, std::string stream, std::uint64_t sequence,
                                                std::string subject, Deadline deadline);

/// RFC 3339 in UTC as Go writes it; a fraction may be there or not. The epoch for anything else.
std::chrono::system_clock::time_point parse_time(const std::string& text);

}  // namespace kefu::bus::jetstream
