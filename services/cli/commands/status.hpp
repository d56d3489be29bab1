#pragma once

#include "api_client.hpp"
#include "console.hpp"

#include <kefu/async/task.hpp>

#include <string>

namespace kefu::cli {

struct StatusOptions {
  std::string kb;  ///< empty: all of them
  bool json = false;
};

/// `kefu status`: whether the server is ready, and what its knowledge bases hold. Exit status 1 when it is
/// not ready.
Task<int> status(StatusOptions options, ApiClient& api, Console& console);

}  // namespace kefu::cli
