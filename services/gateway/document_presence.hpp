#pragma once

#include <kefu/async/task.hpp>
#include <kefu/base/error.hpp>
#include <kefu/base/request_context.hpp>
#include <kefu/bus/message_bus.hpp>

#include <string>

namespace kefu::gateway {

/// Whether a change of this document makes sense: index has it, or something of its knowledge base is still
/// on its way and may be it. Errors: `not_found`. A service that does not answer is no reason to refuse: the
/// job finds out.
Task<Result<>> require_document(bus::MessageBus& bus, RequestContext context, std::string kb,
                                std::string filename);

}  // namespace kefu::gateway
