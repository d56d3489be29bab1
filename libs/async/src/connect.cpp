#include <kefu/async/connect.hpp>
#include <kefu/async/reply_slot.hpp>

#include <memory>
#include <utility>
#include <vector>

namespace kefu {
namespace {

using asio::ip::tcp;
using boost::system::error_code;
using Endpoints = std::vector<tcp::endpoint>;

std::unexpected<Error> unavailable(const std::string& reason) {
  return fail(Errc::unavailable, "no connection to the server", reason);
}

/// What a step shares with its callback, which may come after the deadline, or after the waiting coroutine
/// was destroyed.
struct Lookup {
  Lookup(const asio::any_io_executor& executor, Deadline deadline)
      : resolver(executor), slot(executor, deadline) {}
  tcp::resolver resolver;
  ReplySlot<Endpoints> slot;
};

struct Attempt {
  Attempt(const asio::any_io_executor& executor, Deadline deadline)
      : socket(executor), slot(executor, deadline) {}
  tcp::socket socket;
  ReplySlot<bool> slot;
};

Task<Result<Endpoints>> resolve(asio::any_io_executor executor, std::string host, std::string port,
                                Deadline deadline) {
  auto lookup = std::make_shared<Lookup>(executor, deadline);
  lookup->resolver.async_resolve(host, port,
                                 [lookup](error_code error, const tcp::resolver::results_type& found) {
                                   if (error) return lookup->slot.deliver(unavailable(error.message()));
                                   Endpoints endpoints;
                                   for (const auto& entry : found) endpoints.push_back(entry.endpoint());
                                   lookup->slot.deliver(std::move(endpoints));
                                 });
  auto endpoints = co_await lookup->slot.wait();
  if (!endpoints) lookup->resolver.cancel();
  co_return endpoints;
}

Task<Result<tcp::socket>> try_endpoint(asio::any_io_executor executor, tcp::endpoint endpoint,
                                       Deadline deadline) {
  auto attempt = std::make_shared<Attempt>(executor, deadline);
  attempt->socket.async_connect(endpoint, [attempt](error_code error) {
    if (error) return attempt->slot.deliver(unavailable(error.message()));
    attempt->slot.deliver(true);
  });
  const auto connected = co_await attempt->slot.wait();
  error_code ignored;
  if (!connected) {
    attempt->socket.close(ignored);
    co_return fail(connected.error());
  }
  attempt->socket.set_option(tcp::no_delay(true), ignored);
  co_return std::move(attempt->socket);
}

/// Each address gets its share of the time, so that a silent first one does not use up all of it.
Task<Result<tcp::socket>> try_all(asio::any_io_executor executor, Endpoints endpoints, Deadline deadline) {
  Result<tcp::socket> last = unavailable("the name has no address");
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    const auto share = deadline.remaining() / static_cast<std::int64_t>(endpoints.size() - i);
    last = co_await try_endpoint(executor, endpoints[i], Deadline::in(share));
    if (last) break;
  }
  co_return last;
}

}  // namespace

Task<Result<tcp::socket>> connect_tcp(asio::any_io_executor executor, std::string host, std::string port,
                                      Deadline deadline) {
  const std::string name = host + " port " + port + ": ";
  Endpoints endpoints;
  error_code error;
  const auto address = asio::ip::make_address(host, error);
  if (!error) {
    endpoints.emplace_back(address, static_cast<std::uint16_t>(std::strtoul(port.c_str(), nullptr, 10)));
  } else {
    auto found = co_await resolve(executor, std::move(host), std::move(port), deadline);
    if (!found) co_return fail(found.error().code, found.error().message, name + found.error().detail);
    endpoints = *std::move(found);
  }
  auto socket = co_await try_all(executor, std::move(endpoints), deadline);
  if (!socket) co_return fail(socket.error().code, socket.error().message, name + socket.error().detail);
  co_return socket;
}

}  // namespace kefu
