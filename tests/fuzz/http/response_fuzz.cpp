// The client's side: any bytes as the response to a request.
#include "client_exchange.hpp"
#include "socket_pair.hpp"

#include <boost/asio/co_spawn.hpp>

namespace {

using namespace kefu;
using namespace kefu::http;

constexpr std::size_t kLimit = 5000;

Task<void> read(ClientExchange& exchange, bool is_head) {
  const Deadline deadline = Deadline::in(std::chrono::hours(1));
  const auto started = co_await exchange.start("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "", is_head, deadline);
  if (!started) co_return;
  std::size_t total = 0;
  while (true) {
    const auto piece = co_await exchange.read_some(deadline);
    if (!piece) co_return;
    if (piece->empty()) break;
    total += piece->size();
    if (total > kLimit) std::abort();
  }
  exchange.take_connection();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > kMaxInput) return 0;
  asio::io_context io;
  SocketPair pair(io, {reinterpret_cast<const char*>(data) + 1, size - 1});
  ClientExchange exchange(std::make_unique<ClientConnection>(pair.take(), "key"), kLimit);
  bool done = false;
  asio::co_spawn(io, read(exchange, data[0] % 2 == 1), [&](std::exception_ptr exception) {
    if (exception) std::abort();
    done = true;
  });
  while (!done) io.run_one();
  return 0;
}
