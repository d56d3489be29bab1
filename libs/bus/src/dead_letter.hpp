#pragma once

#include <kefu/bus/stream_store.hpp>

#include <string>

namespace kefu::bus {

/// The copy of a message that no delivery could process.
Message dead_letter(const std::string& stream, const StoredMessage& message, const std::string& reason);

}  // namespace kefu::bus
