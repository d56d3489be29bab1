#include "job_follower.hpp"

#include "display_text.hpp"

#include <kefu/async/signal.hpp>
#include <kefu/http/sse.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace kefu::cli {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr auto kPause = 100ms;  // before a stream that broke is opened again
constexpr auto kSilence = 30s;  // the server sends something every ten seconds

/// How long this error may last. An id that was just given out is not found while ingest has not seen it.
std::chrono::seconds patience_for(const Error& error) {
  if (error.code == Errc::not_found) return 5s;
  return traits(error.code).retryable ? 30s : 0s;
}

struct Stage {
  std::uint64_t done = 0;
  std::uint64_t total = 0;
  double share() const { return total == 0 ? 0 : static_cast<double>(done) / static_cast<double>(total); }
};

Stage stage_of(const json& job, const char* name) {
  const json stage = job.value("stages", json::object()).value(name, json::object());
  return {stage.value("done", std::uint64_t{0}), stage.value("total", std::uint64_t{0})};
}

bool is_finished(const json& job) {
  const std::string state = job.value("state", "");
  return state == "done" || state == "failed";
}

/// One stream of a job's states: gives the last one when it is finished.
class JobStream {
 public:
  JobStream(std::string path, ApiClient& api, const ShowJob& show)
      : path_(std::move(path)), api_(api), show_(show) {}

  /// Errors: what opening or reading met; `unavailable` when it ended before the job did.
  Task<Result<json>> read() {
    KEFU_CO_TRY(auto stream, co_await api_.open_events(path_, nullptr, Deadline::in(kSilence)));
    http::SseParser parser;
    for (;;) {
      auto bytes = co_await stream->read_some(Deadline::in(kSilence));
      if (!bytes) co_return fail(api_.explain(std::move(bytes).error()));
      if (bytes->empty()) co_return fail(Errc::unavailable, "the server ended the stream before the job");
      KEFU_CO_TRY(const std::vector<http::SseEvent> events, parser.feed(*bytes));
      for (const http::SseEvent& event : events) {
        KEFU_CO_TRY(const bool finished, take(event));
        if (finished) co_return std::move(job_);
      }
    }
  }
  /// Something came since the last call.
  bool has_moved() { return std::exchange(moved_, false); }

 private:
  Result<bool> take(const http::SseEvent& event) {
    json data = json::parse(event.data, nullptr, false);
    if (!data.is_object()) return fail(Errc::bad_upstream, "the server sent an event that cannot be read");
    if (event.event == "error") {
      const json error = data.value("error", json::object());
      return fail(errc_from_wire(error.value("code", "")), error.value("message", "the stream failed"));
    }
    moved_ = true;
    job_ = std::move(data);
    if (is_finished(job_)) return true;
    show_(job_);
    return false;
  }

  std::string path_;
  ApiClient& api_;
  const ShowJob& show_;
  json job_;
  bool moved_ = false;
};

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

Task<Result<json>> follow_job(std::string job, ApiClient& api, ShowJob show) {
  JobStream stream(path_of({"v1", "jobs", job}), api, show);
  auto moved = Deadline::Clock::now();
  for (;;) {
    auto finished = co_await stream.read();
    if (finished) co_return finished;
    if (stream.has_moved()) moved = Deadline::Clock::now();
    if (Deadline::Clock::now() - moved >= patience_for(finished.error())) co_return finished;
    co_await sleep_for(kPause);
  }
}

Task<Result<json>> follow_job(std::string job, std::string label, ApiClient& api, Console& console) {
  auto finished = co_await follow_job(std::move(job), api,
                                      [&](const json& state) { console.progress(stage_bars(state, label)); });
  console.clear_progress();
  co_return finished;
}

std::vector<Bar> stage_bars(const json& job, const std::string& label) {
  const std::string name = fit(one_line(label), 28);
  std::vector<Bar> bars;
  for (const char* stage : {"extracted", "embedded", "indexed"}) {
    const Stage counts = stage_of(job, stage);
    bars.push_back(
        {.label = pad_right(bars.empty() ? name : "", display_width(name)) + "  " + pad_right(stage, 9),
         .fraction = counts.share(),
         .note = fmt::format("{}/{}", grouped(counts.done), grouped(counts.total))});
  }
  return bars;
}

std::string how_to_go_on(const std::string& label, const std::string& job) {
  return fmt::format("{}: job {} goes on: kefu jobs follow {} shows it, kefu jobs cancel {} ends it", label,
                     job, job, job);
}

bool is_done(const json& job) { return job.value("state", "") == "done"; }

bool report_job(const json& job, const std::string& label, Console& console) {
  const bool done = is_done(job);
  if (job.value("cancelled", false)) {
    console.line(label + ": cancelled");
  } else if (!done) {
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
