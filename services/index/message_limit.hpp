#pragma once

#include <cstddef>

namespace kefu::index {

/// NATS carries 1 MiB with its headers; what does not fit into this is left out of a reply.
inline constexpr std::size_t kMostReplyBytes = 900 * 1024;
/// What an embedded message takes beside its own bytes, at most.
inline constexpr std::size_t kFieldBytes = 8;

}  // namespace kefu::index
