#pragma once

#include "api_client.hpp"
#include "console.hpp"
#include "interrupt.hpp"

#include <kefu/async/task.hpp>

#include <string>

namespace kefu::cli {

struct DeleteOptions {
  std::string kb;
  std::string filename;  ///< empty: the whole knowledge base
  bool yes = false;      ///< do not ask
  bool wait = true;
  bool json = false;
};

/// `kefu delete`: one document, or the knowledge base with all its documents; for that somebody at a terminal
/// is asked.
Task<int> delete_from(DeleteOptions options, ApiClient& api, Console& console, Interrupt& interrupt);

}  // namespace kefu::cli
