#pragma once

#include "api_client.hpp"
#include "console.hpp"
#include "interrupt.hpp"
#include "measure/eval_summary.hpp"

#include <kefu/async/task.hpp>

#include <cstddef>
#include <string>

namespace kefu::cli {

struct EvalOptions {
  std::string kb;
  std::string file;
  bool search = true;
  bool ask = true;
  std::size_t limit = 0;  ///< questions; 0: all
  std::size_t concurrency = 4;
  std::string mode;  ///< empty: the server's default
  bool failures = false;
  bool json = false;
  GateLimits gates;
};

/// `kefu eval`: measures search and answers over a file of questions. Exit status 1 when a request failed or
/// a gate does not hold, 2 when the file cannot be used, before anything is sent. After Ctrl-C it tells what
/// was measured until then, with status 1.
Task<int> eval(EvalOptions options, ApiClient& api, Console& console, Interrupt& interrupt);

}  // namespace kefu::cli
