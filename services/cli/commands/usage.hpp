#pragma once

#include "api_client.hpp"
#include "console.hpp"

#include <kefu/async/task.hpp>

#include <string>
#include <vector>

namespace kefu::cli {

struct UsageOptions {
  std::string from;  ///< day; empty: the first of the month
  std::string to;    ///< day; empty: today
  std::string kb;
  std::string key;
  std::vector<std::string> by;  ///< empty: by knowledge base
  bool json = false;
};

/// `kefu usage`: tokens and money, spent and saved.
Task<int> usage(UsageOptions options, ApiClient& api, Console& console);

}  // namespace kefu::cli
