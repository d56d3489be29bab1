#include "commands/jobs.hpp"

#include "display_text.hpp"
#include "job_follower.hpp"
#include "table.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace kefu::cli {
namespace {

using nlohmann::json;

std::string job_path(const std::string& job) { return path_of({"v1", "jobs", job}); }

std::string label_of(const json& job) {
  const std::string filename = one_line(job.value("filename", ""));
  return filename.empty() ? "job " + job.value("id", "") : filename;
}

std::string stages_of(const json& job) {
  std::string out;
  for (const Bar& bar : stage_bars(job, ""))
    out += (out.empty() ? "" : ", ") + one_line(bar.label) + " " + bar.note;
  return out;
}

void print_jobs(const json& jobs, Console& console) {
  if (jobs.empty()) {
    console.line("no job is open");
    return;
  }
  using enum Table::Align;
  Table table({right, left, left, left, left, left});
  table.add({"job", "state", "knowledge base", "document", "action", "stages"});
  for (const json& job : jobs) {
    table.add({job.value("id", ""), job.contains("waiting") ? "waits" : job.value("state", ""),
               fit(one_line(job.value("kb", "")), 40), fit(one_line(job.value("filename", "")), 40),
               job.value("action", ""), stages_of(job)});
  }
  for (const std::string& line : table.lines()) console.line(line);
}

}  // namespace

Task<int> list_jobs(JobsOptions options, ApiClient& api, Console& console) {
  const auto jobs =
      co_await api.get("/v1/jobs" + query_of({{"kb", options.kb}, {"limit", std::to_string(options.limit)}}));
  if (!jobs) {
    console.error(jobs.error());
    co_return 1;
  }
  if (options.json) {
    console.json(*jobs);
  } else {
    print_jobs(jobs->value("jobs", json::array()), console);
  }
  co_return 0;
}

Task<int> show_job(JobsOptions options, ApiClient& api, Console& console) {
  const auto job = co_await api.get(job_path(options.job));
  if (!job) {
    console.error(job.error());
    co_return 1;
  }
  if (options.json) {
    console.json(*job);
    co_return 0;
  }
  print_jobs(json::array({*job}), console);
  const std::string state = job->value("state", "");
  if (state == "done" || state == "failed") report_job(*job, label_of(*job), console);
  if (const std::string waiting = job->value("waiting", ""); !waiting.empty())
    console.line("waits: " + one_line(waiting));
  co_return 0;
}

Task<int> follow(JobsOptions options, ApiClient& api, Console& console, Interrupt& interrupt) {
  interrupt.farewell = {how_to_go_on("job " + options.job, options.job)};
  const auto job = co_await follow_job(options.job, "job " + options.job, api, console);
  if (!job) {
    console.error(job.error());
    co_return 1;
  }
  if (options.json) {
    console.json(*job);
    co_return is_done(*job) ? 0 : 1;
  }
  co_return report_job(*job, label_of(*job), console) ? 0 : 1;
}

Task<int> cancel_job(JobsOptions options, ApiClient& api, Console& console) {
  const auto job = co_await api.send("DELETE", job_path(options.job), nullptr);
  if (!job) {
    console.error(job.error());
    co_return 1;
  }
  if (options.json) {
    console.json(*job);
  } else {
    console.line(fmt::format("cancelled job {}: {}", options.job, label_of(*job)));
  }
  co_return 0;
}

}  // namespace kefu::cli
