#include "job_follower.hpp"

#include "display_text.hpp"

#include <kefu/async/signal.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace kefu::cli {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr auto kPoll = 100ms;
constexpr auto kPatience = 30s;

/// An id that was just given out is also not found while ingest has not seen it.
bool may_pass(const Error& error) { return traits(error.code).retryable || error.code == Errc::not_found; }

struct Stage {
  std::uint64_t done = 0;
  std::uint64_t total = 0;
  double share() const { return total == 0 ? 0 : static_cast<double>(done) / static_cast<double>(total); }
};

Stage stage_of(const json& job, const char* name) {
  const json stage = job.value("stages", json::object()).value(name, json::object());
  return {stage.value("done", std::uint64_t{0}), stage.value("total", std::uint64_t{0})};
}

void show(const json& job, const std::string& label, Console& console) {
  const Stage extracted = stage_of(job, "extracted");
  const Stage embedded = stage_of(job, "embedded");
  const Stage indexed = stage_of(job, "indexed");
  const double share = (extracted.share() + embedded.share() + indexed.share()) / 3;
  std::string note = job.value("state", "");
  if (indexed.done > 0) {
    note = fmt::format("indexed {}/{}", grouped(indexed.done), grouped(indexed.total));
  } else if (embedded.total > 0) {
    note = fmt::format("embedded {}/{}", grouped(embedded.done), grouped(embedded.total));
  } else if (extracted.total > 0) {
    note = fmt::format("extracted {}/{}", grouped(extracted.done), grouped(extracted.total));
  }
  console.progress(label, share, note);
}

void report_rejections(const json& job, Console& console) {
  const json rejected = job.value("rejected", json::array());
  for (const json& rejection : rejected) {
    std::string place;
    if (const auto row = rejection.value("row", std::uint64_t{0}); row != 0)
      place = fmt::format("row {}", row);
    if (const std::string field = rejection.value("field", ""); !field.empty()) {
      place += fmt::format("{}{}", place.empty() ? "" : ", ", field);
    }
    console.line(fmt::format("  rejected: {}{}{}", place, place.empty() ? "" : ": ",
                             one_line(rejection.value("reason", ""))));
  }
  const auto total = job.value("rejected_total", std::uint64_t{0});
  if (total > rejected.size())
    console.line(fmt::format("  and {} more rejected", grouped(total - rejected.size())));
}

}  // namespace

Task<Result<json>> follow_job(std::string job, std::string label, ApiClient& api, Console& console) {
  const std::string path = path_of({"v1", "jobs", job});
  Deadline patience = Deadline::in(kPatience);
  for (;;) {
    auto state = co_await api.get(path);
    if (state) {
      patience = Deadline::in(kPatience);
      const std::string name = state->value("state", "");
      if (name == "done" || name == "failed") {
        console.clear_progress();
        co_return state;
      }
      show(*state, label, console);
    } else if (!may_pass(state.error()) || patience.passed()) {
      console.clear_progress();
      co_return state;
    }
    co_await sleep_for(kPoll);
  }
}

bool report_job(const json& job, const std::string& label, Console& console) {
  const bool done = job.value("state", "") == "done";
  if (!done) {
    console.line(
        fmt::format("{}: failed: {}", label, one_line(job.value("error", "the reason is not known"))));
  } else {
    const json usage = job.value("usage", json::object());
    const auto rejected = std::max<std::uint64_t>(job.value("rejected_total", std::uint64_t{0}),
                                                  job.value("rejected", json::array()).size());
    console.line(fmt::format("{}: done, {} passages, {} tokens spent, {} saved, {} rejected", label,
                             grouped(stage_of(job, "indexed").done),
                             grouped(usage.value("embedding_tokens", std::uint64_t{0})),
                             grouped(usage.value("saved_tokens", std::uint64_t{0})), grouped(rejected)));
  }
  report_rejections(job, console);
  return done;
}

}  // namespace kefu::cli
