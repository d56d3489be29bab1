#pragma once

#include "api_client.hpp"
#include "console.hpp"
#include "interrupt.hpp"

#include <kefu/async/task.hpp>

#include <nlohmann/json.hpp>

#include <string>

namespace kefu::cli {

/// A request that is answered with the id of a job.
struct DocumentChange {
  std::string method;
  std::string path;
  nlohmann::json body;
  std::string label;  ///< what the job is about
  std::string done;   ///< what is said when it is done
  bool wait = true;
  bool json = false;
};

/// Sends the request and follows its job. Exit status 1 when either fails.
Task<int> change_document(DocumentChange change, ApiClient& api, Console& console, Interrupt& interrupt);

}  // namespace kefu::cli
