#include "execute.hpp"

#include "api_key.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <csignal>
#include <exception>

namespace kefu::cli {
namespace {

/// Nothing of this process needs cleaning up: all that lasts is on the server. Dying by the signal also ends
/// the loop of a shell around the command.
[[noreturn]] void die_by(int signal) {
  std::signal(signal, SIG_DFL);
  std::raise(signal);
  std::_Exit(128 + signal);
}

class InterruptHandler {
 public:
  InterruptHandler(asio::io_context& io, Interrupt& interrupt, Console& console)
      : signals_(io, SIGINT, SIGTERM), interrupt_(interrupt), console_(console) {
    wait();
  }

 private:
  void wait() {
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
      if (!error) handle(signal);
    });
  }
  void handle(int signal) {
    if (interrupt_.graceful && !interrupt_.requested) {
      interrupt_.requested = true;
      wait();
      return;
    }
    console_.clear_progress();
    for (const std::string& line : interrupt_.farewell) console_.line(line);
    die_by(signal);
  }

  asio::signal_set signals_;
  Interrupt& interrupt_;
  Console& console_;
};

}  // namespace

int execute(const Command& command, const Connection& connection, Console& console) {
  if (const auto url = http::parse_url(connection.server); !url) {
    console.error("--server must be a URL such as http://127.0.0.1:8080, not \"" + connection.server + "\"");
    return 2;
  }
  const auto api_key = read_api_key(connection.api_key_file);
  if (!api_key) {
    console.error(api_key.error());
    return 2;
  }
  asio::io_context io(1);
  ApiClient api(io.get_executor(), connection.server, *api_key);
  Interrupt interrupt;
  InterruptHandler handler(io, interrupt, console);
  int status = 1;
  bool finished = false;
  std::exception_ptr failure;
  asio::co_spawn(io, command(api, console, interrupt), [&](std::exception_ptr exception, int result) {
    failure = exception;
    status = result;
    finished = true;
  });
  // Not until io has nothing to do: the client keeps connections open for later.
  while (!finished && io.run_one() > 0) {
  }
  if (failure) std::rethrow_exception(failure);
  return status;
}

}  // namespace kefu::cli
