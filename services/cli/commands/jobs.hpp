#pragma once

#include "api_client.hpp"
#include "console.hpp"
#include "interrupt.hpp"

#include <kefu/async/task.hpp>

#include <cstddef>
#include <string>

namespace kefu::cli {

struct JobsOptions {
  std::string kb;  ///< empty: of all knowledge bases
  std::string job;
  std::size_t limit = 50;
  bool json = false;
};

/// `kefu jobs list`: those that have not ended.
Task<int> list_jobs(JobsOptions options, ApiClient& api, Console& console);
Task<int> show_job(JobsOptions options, ApiClient& api, Console& console);
/// `kefu jobs follow`: exit status 1 when the job fails.
Task<int> follow(JobsOptions options, ApiClient& api, Console& console, Interrupt& interrupt);
/// `kefu jobs cancel`: one that has ended or can no longer be stopped is an error.
Task<int> cancel_job(JobsOptions options, ApiClient& api, Console& console);

}  // namespace kefu::cli
