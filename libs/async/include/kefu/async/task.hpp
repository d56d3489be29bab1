#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace kefu {

namespace asio = boost::asio;

/// A coroutine of this process. Parameters are taken by value; no capturing lambda is a coroutine.
template <class T = void>
using Task = asio::awaitable<T>;

/// Completion token: `auto [ec, n] = co_await socket.async_read_some(buffer, kAsTuple);`
inline constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);

}  // namespace kefu
