#include "job_stream.hpp"

#include "call.hpp"
#include "error_json.hpp"
#include "event_stream.hpp"
#include "job_json.hpp"

#include <kefu/async/signal.hpp>
#include <kefu/http/sse.hpp>
#include <kefu/proto/subjects.hpp>

#include <utility>

namespace kefu::gateway {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using kefu::v1::JobState;

/// Of one look at a job while it is followed.
constexpr auto kLookTime = 2s;
/// A restart of ingest does not end the streams.
constexpr auto kPatience = 30s;

constexpr const char* kKeepAlive = ": still here\n\n";

bool is_finished(const JobState& state) {
  return state.state() == JobState::STATE_DONE || state.state() == JobState::STATE_FAILED;
}

}  // namespace

Task<Result<JobState>> load_job(bus::MessageBus& bus, RequestContext context, const Caller& caller,
                                std::uint64_t job) {
  kefu::v1::GetJobRequest request;
  request.set_job(job);
  KEFU_CO_TRY(auto response, co_await call<kefu::v1::GetJobResponse>(bus, proto::kGetJob, std::move(context),
                                                                     std::move(request)));
  KEFU_CO_CHECK(caller.check(response.state().kb_name()));
  co_return std::move(*response.mutable_state());
}

JobStreams::JobStreams(bus::MessageBus& bus) : JobStreams(bus, Limits{}) {}

JobStreams::JobStreams(bus::MessageBus& bus, Limits limits)
    : bus_(bus), limits_(limits), streams_(limits.streams) {}

Task<Result<Reply>> JobStreams::follow(RequestContext context, const Caller& caller, http::Exchange& exchange,
                                       std::uint64_t job) {
  const auto permit = streams_.try_acquire();
  if (!permit) co_return fail(Errc::overloaded, "too many jobs are being followed");
  KEFU_CO_TRY(JobState state, co_await load_job(bus_, context, caller, job));
  KEFU_CO_CHECK(co_await exchange.begin_stream(event_stream_head(context)));
  context.deadline = Deadline::in(limits_.life);
  const std::string request_id = context.request_id;
  const auto sent = co_await send_events(std::move(context), caller, exchange, std::move(state));
  if (!sent && sent.error().code != Errc::cancelled) {
    // A client that does not take the error either is gone; the first error is the one to report.
    (void)co_await exchange.write(http::format_sse("error", error_json(sent.error(), request_id)));
  }
  const auto ended = co_await exchange.end_stream();
  KEFU_CO_CHECK(sent);
  KEFU_CO_CHECK(ended);
  co_return Reply{};
}

Task<Result<>> JobStreams::send_events(RequestContext context, const Caller& caller, http::Exchange& exchange,
                                       JobState state) {
  std::string shown;
  auto written = Clock::now();
  for (;;) {
    std::string json = job_json(state);
    if (is_finished(state)) co_return co_await exchange.write(http::format_sse("done", json));
    const bool changed = json != shown;
    if (changed || Clock::now() - written >= limits_.keep_alive) {
      KEFU_CO_CHECK(co_await exchange.write(changed ? http::format_sse("progress", json) : kKeepAlive));
      written = Clock::now();
      shown = std::move(json);
    }
    KEFU_CO_TRY(state, co_await next_state(context, caller, std::move(state)));
  }
}

/// The next look that succeeds.
Task<Result<JobState>> JobStreams::next_state(RequestContext context, const Caller& caller, JobState state) {
  const Deadline patience = Deadline::in(kPatience);
  for (;;) {
    co_await sleep_for(limits_.poll_pause);
    if (closing_) co_return fail(Errc::unavailable, "the gateway is stopping: connect again");
    if (context.deadline.passed())
      co_return fail(Errc::deadline_exceeded, "the job takes longer than one stream may: connect again");
    auto next = co_await load_job(bus_, context.at_most(kLookTime), caller, state.job());
    if (next || !traits(next.error().code).retryable || patience.passed()) co_return next;
  }
}

}  // namespace kefu::gateway
