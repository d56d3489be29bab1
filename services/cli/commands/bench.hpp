#pragma once

#include "api_client.hpp"
#include "console.hpp"
#include "interrupt.hpp"

#include <kefu/async/task.hpp>

#include <chrono>
#include <cstddef>
#include <string>

namespace kefu::cli {

struct BenchOptions {
  std::string kb;
  std::string question;
  std::string questions_file;     ///< instead of `question`
  std::string operation = "ask";  ///< or search
  std::string mode;               ///< of ask; empty: the server's default
  double rate = 0;                ///< requests a second; 0: as fast as `connections` go
  std::size_t connections = 1;
  std::chrono::milliseconds duration{10000};
  bool json = false;
};

/// `kefu bench`: loads the server, then tells latencies, throughput and errors. Exit status 1 when a request
/// failed or could not be sent, 2 when the questions cannot be read. Ctrl-C ends the load early.
Task<int> bench(BenchOptions options, ApiClient& api, Console& console, Interrupt& interrupt);

}  // namespace kefu::cli
