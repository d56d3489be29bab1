#pragma once

#include "api_client.hpp"
#include "console.hpp"

#include <kefu/async/task.hpp>

#include <string>

namespace kefu::cli {

struct AskOptions {
  std::string kb;
  std::string question;
  std::string session;
  std::string mode;  ///< empty: the server's default
  bool json = false;
};

/// `kefu ask`: the answer as it comes, then what it was made of. A question that is refused is answered too:
/// exit status 0.
Task<int> ask(AskOptions options, ApiClient& api, Console& console);

/// Decision, confidence, sources, time and tokens of an answer as the API gives it.
void print_account(const nlohmann::json& answer, Console& console);

}  // namespace kefu::cli
