#pragma once

#include <kefu/base/deadline.hpp>
#include <kefu/bus/stream_store.hpp>

#include <nlohmann/json.hpp>

#include <string>

namespace kefu::bus::jetstream {

/// Creates the stream of this configuration, or brings the existing one to it.
Task<Result<>> ensure_stream(MessageBus& bus, nlohmann::json config, Deadline deadline);

/// The newest message of a subject. Errors: `not_found`.
Task<Result<StoredMessage>> last_message(MessageBus& bus, std::string stream, std::string subject,
                                         Deadline deadline);

}  // namespace kefu::bus::jetstream
