// A server's connection: heads, bodies, pipelining and what is left over, from any bytes.
#include "server_exchange.hpp"
#include "socket_pair.hpp"

#include <boost/asio/co_spawn.hpp>

namespace {

using namespace kefu;
using namespace kefu::http;

Task<void> serve(ServerConnection& connection, const ServerOptions& options, const bool& closing) {
  while (true) {
    ServerExchange exchange(connection, options, closing);
    const auto head = co_await exchange.read_head();
    if (head == ServerExchange::Head::closed) co_return;
    if (head == ServerExchange::Head::bad) {
      co_await exchange.respond({400, {}, exchange.problem().message});
      co_return;
    }
    const auto body = co_await exchange.read_body(1000);
    if (body && body->size() > 1000) std::abort();
    co_await exchange.respond({200, exchange.head().fields, body ? *body : exchange.head().path});
    if (!co_await exchange.finish()) co_return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > kMaxInput) return 0;
  asio::io_context io;
  SocketPair pair(io, {reinterpret_cast<const char*>(data), size});
  ServerConnection connection(pair.take(), std::chrono::hours(1));
  const ServerOptions options{.max_header_bytes = 1024};
  const bool closing = false;
  bool done = false;
  asio::co_spawn(io, serve(connection, options, closing), [&](std::exception_ptr exception) {
    if (exception) std::abort();
    done = true;
  });
  while (!done) io.run_one();
  return 0;
}
