#pragma once

#include "nats_handles.hpp"

#include <kefu/base/error.hpp>
#include <kefu/bus/message.hpp>

namespace kefu::bus {

/// Errors: `invalid_argument` for a subject that is no subject.
Result<NatsMessagePtr> to_nats(const Message& message);
/// Reads the headers too, which nats.c parses at that moment: the message must not be in use elsewhere.
Message from_nats(natsMsg& message);
Error to_error(natsStatus status);

}  // namespace kefu::bus
