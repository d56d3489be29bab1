#include "commands/change_document.hpp"

#include "job_follower.hpp"

#include <fmt/format.h>

#include <utility>

namespace kefu::cli {
namespace {

using nlohmann::json;

/// What is left to say when it did not become what was asked for.
std::string failure_of(const json& job) {
  if (job.value("cancelled", false)) return "the job was cancelled";
  return job.value("error", "the job failed, and did not say why");
}

}  // namespace

Task<int> change_document(DocumentChange change, ApiClient& api, Console& console, Interrupt& interrupt) {
  const auto accepted = co_await api.send(change.method, change.path, std::move(change.body));
  if (!accepted) {
    console.error(accepted.error());
    co_return 1;
  }
  const std::string job = accepted->value("job", "");
  if (!change.wait) {
    if (change.json) {
      console.json(*accepted);
    } else {
      console.line(fmt::format("{}: job {}", change.label, job));
    }
    co_return 0;
  }
  interrupt.farewell = {how_to_go_on(change.label, job)};
  const auto finished = co_await follow_job(job, change.label, api, console);
  interrupt.farewell.clear();
  if (!finished) {
    console.error(finished.error());
    co_return 1;
  }
  if (change.json) console.json(*finished);
  const bool done = is_done(*finished);
  if (!done) {
    console.error(fmt::format("{}: {}", change.label, failure_of(*finished)));
  } else if (!change.json) {
    console.line(change.done);
  }
  co_return done ? 0 : 1;
}

}  // namespace kefu::cli
