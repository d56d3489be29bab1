#pragma once

#include "api_client.hpp"
#include "console.hpp"

#include <kefu/async/task.hpp>

#include <cstddef>
#include <string>

namespace kefu::cli {

struct SearchOptions {
  std::string kb;
  std::string question;
  std::size_t top_k = 5;
  bool json = false;
};

/// `kefu search`: the passages nearest to the question, with their scores.
Task<int> search(SearchOptions options, ApiClient& api, Console& console);

}  // namespace kefu::cli
