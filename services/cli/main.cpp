#include "command_line.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <csignal>
#include <exception>
#include <iostream>

namespace {

/// Columns of the terminal on standard error, 0 when there is none.
std::size_t terminal_width() {
  winsize size{};
  if (isatty(STDERR_FILENO) == 0 || ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col == 0 ? 80 : size.ws_col;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE,
              SIG_IGN);  // a server that closes early is an error to be told, not an end of the process
  const bool can_ask = isatty(STDIN_FILENO) != 0 && isatty(STDERR_FILENO) != 0;
  kefu::cli::Console console(std::cout, std::cerr, terminal_width(), can_ask);
  try {
    return kefu::cli::run(argc, argv, console);
  } catch (const std::exception& exception) {
    console.error(std::string("internal error: ") + exception.what());
    return 1;
  }
}
