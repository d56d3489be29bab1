#pragma once

#include "api_client.hpp"
#include "console.hpp"

#include <kefu/async/task.hpp>
#include <kefu/base/error.hpp>

#include <nlohmann/json.hpp>

#include <string>

namespace kefu::cli {

/// Asks for the job until it is done or failed, with a progress bar named `label`, and returns it as the API
/// gives it. A service that restarts meanwhile is waited for, half a minute at most. Errors: those of
/// ApiClient.
Task<Result<nlohmann::json>> follow_job(std::string job, std::string label, ApiClient& api, Console& console);

/// What became of it: counts, tokens, what was rejected and why. True when it is done.
bool report_job(const nlohmann::json& job, const std::string& label, Console& console);

}  // namespace kefu::cli
