#pragma once

#include "console.hpp"
#include "declare/declaration.hpp"

#include <string>

namespace kefu::cli {

struct Connection {
  std::string server = "http://127.0.0.1:8080";
  std::string api_key_file = {};
};

/// Runs the command to its end, or until Ctrl-C, and returns the exit status.
int execute(const Command& command, const Connection& connection, Console& console);

}  // namespace kefu::cli
