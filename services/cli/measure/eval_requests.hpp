#pragma once

#include "api_client.hpp"
#include "measure/eval_summary.hpp"

#include <kefu/async/task.hpp>

#include <string>

namespace kefu::cli {

/// Asks the server what an evaluation needs. What may pass (too many requests, a service that starts anew) is
/// tried again for some seconds; the time of the last try counts. What would fail for every question is the
/// error of the call; what fails for one is the outcome's. Errors: those of ApiClient.
class EvalRequests {
 public:
  /// `mode`: empty for the server's default. `api` outlives this object.
  EvalRequests(ApiClient& api, const std::string& kb, std::string mode);

  Task<Result<SearchOutcome>> search(std::string question) const;
  Task<Result<AskOutcome>> ask(std::string question) const;

 private:
  struct Reply {
    nlohmann::json body;
    std::string error;
    Latencies::Duration time{};
  };
  Task<Result<Reply>> post(std::string path, nlohmann::json body) const;

  ApiClient& api_;
  std::string kb_;
  std::string mode_;
};

}  // namespace kefu::cli
