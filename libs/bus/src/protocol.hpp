#pragma once

#include <kefu/base/error.hpp>
#include <kefu/base/request_context.hpp>
#include <kefu/bus/message.hpp>
#include <kefu/bus/message_bus.hpp>

#include <chrono>
#include <cstddef>
#include <string>

namespace kefu::bus {

/// How requests, replies and errors look as messages: the same on every bus.

/// For a request that says nothing of its time.
inline constexpr std::chrono::seconds kDefaultRemaining{5};

/// Puts the context into the message's headers.
void add_context(const RequestContext& context, Message& message);
/// The context of a message that arrived at this moment; its id is made up where the sender gave none.
RequestContext read_context(const Message& message, std::chrono::steady_clock::time_point arrived);

Message make_reply(const std::string& reply_to, std::string payload, bool more);
Message make_error_reply(const std::string& reply_to, const Error& error);
/// Nobody serves the subject of a request.
Error unserved_error();
/// What a reply says: an item, or the error that it carries.
Result<ReplyStream::Item> read_reply(Message message);

/// What a server counts against its max_payload: headers and payload.
std::size_t counted_size(const Message& message);

}  // namespace kefu::bus
