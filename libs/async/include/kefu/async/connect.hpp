#pragma once

#include <kefu/async/task.hpp>
#include <kefu/base/deadline.hpp>
#include <kefu/base/error.hpp>

#include <boost/asio/ip/tcp.hpp>

#include <string>

namespace kefu {

/// Resolves `host` (an address needs no look-up) and connects to the first of its addresses that answers,
/// with TCP_NODELAY. Errors: `unavailable`, `deadline_exceeded`; the detail names host and port. A name
/// look-up cannot be interrupted: after the deadline it goes on in Asio's thread, and its result is dropped.
Task<Result<asio::ip::tcp::socket>> connect_tcp(asio::any_io_executor executor, std::string host,
                                                std::string port, Deadline deadline);

}  // namespace kefu
