#pragma once

#include "api_client.hpp"
#include "console.hpp"

#include <kefu/async/task.hpp>
#include <kefu/base/error.hpp>

#include <nlohmann/json.hpp>

#include <functional>
#include <string>
#include <vector>

namespace kefu::cli {

using ShowJob = std::function<void(const nlohmann::json& job)>;

/// Follows the job by its server-sent events until it is done or failed, and returns it as the API gives it.
/// `show` gets every state before. A service that restarts meanwhile is waited for, half a minute at most.
/// Errors: those of ApiClient.
Task<Result<nlohmann::json>> follow_job(std::string job, ApiClient& api, ShowJob show);

/// With bars on the console, named `label`.
Task<Result<nlohmann::json>> follow_job(std::string job, std::string label, ApiClient& api, Console& console);

/// A bar for each stage.
std::vector<Bar> stage_bars(const nlohmann::json& job, const std::string& label);

/// "LABEL: job 7 goes on: kefu jobs follow 7 shows it, kefu jobs cancel 7 ends it"
std::string how_to_go_on(const std::string& label, const std::string& job);

/// What became of it: counts, tokens, what was rejected and why. True when it is done.
bool report_job(const nlohmann::json& job, const std::string& label, Console& console);

bool is_done(const nlohmann::json& job);

}  // namespace kefu::cli
