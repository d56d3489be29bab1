#include "jobs.hpp"

#include "call.hpp"
#include "event_stream.hpp"
#include "job_json.hpp"
#include "names.hpp"
#include "query.hpp"

#include <kefu/proto/subjects.hpp>

#include <utility>

namespace kefu::gateway {
namespace {

constexpr std::uint64_t kMaxJobs = 200;
constexpr std::uint64_t kDefaultJobs = 50;
constexpr std::uint64_t kMostOfIngest = 1000;

}  // namespace

Task<Result<Reply>> JobRoutes::list(RequestContext context, const Caller& caller, http::Exchange& exchange) {
  kefu::v1::ListJobsRequest request;
  if (const auto kb = query_parameter(exchange.head(), "kb"); kb && !kb->empty()) {
    KEFU_CO_CHECK(check_kb_name(*kb));
    KEFU_CO_CHECK(caller.check(*kb));
    request.set_kb_name(*kb);
  }
  KEFU_CO_TRY(const std::uint64_t limit, query_integer(exchange.head(), "limit", 1, kMaxJobs, kDefaultJobs));
  // What the caller may not see must not take the places of what he may: of several knowledge bases, as much
  // is looked through as ingest gives.
  if (caller.kbs.size() == 1) request.set_kb_name(caller.kbs.front());
  request.set_limit(
      static_cast<std::uint32_t>(request.kb_name().empty() && caller.limited() ? kMostOfIngest : limit));
  KEFU_CO_TRY(auto response, co_await call<kefu::v1::ListJobsResponse>(
                                 bus_, proto::kListJobs, std::move(context), std::move(request)));
  std::vector<kefu::v1::JobState> shown;
  for (kefu::v1::JobState& state : *response.mutable_states()) {
    if (shown.size() < limit && caller.may_use(state.kb_name())) shown.push_back(std::move(state));
  }
  co_return json_reply(200, jobs_json(shown));
}

Task<Result<Reply>> JobRoutes::get(RequestContext context, const Caller& caller, http::Exchange& exchange) {
  KEFU_CO_TRY(const std::uint64_t job, parse_job_id(path_parameter(exchange, "job")));
  if (wants_events(exchange.head()))
    co_return co_await streams_.follow(std::move(context), caller, exchange, job);
  KEFU_CO_TRY(const kefu::v1::JobState state, co_await load_job(bus_, std::move(context), caller, job));
  co_return json_reply(200, job_json(state));
}

Task<Result<Reply>> JobRoutes::cancel(RequestContext context, Caller& caller, http::Exchange& exchange) {
  KEFU_CO_TRY(const std::uint64_t job, parse_job_id(path_parameter(exchange, "job")));
  KEFU_CO_TRY(const kefu::v1::JobState state, co_await load_job(bus_, context, caller, job));
  caller.kb = state.kb_name();
  caller.object = std::to_string(job);
  kefu::v1::CancelJobRequest request;
  request.set_job(job);
  KEFU_CO_TRY(const auto response, co_await call<kefu::v1::CancelJobResponse>(
                                       bus_, proto::kCancelJob, std::move(context), std::move(request)));
  co_return json_reply(200, job_json(response.state()));
}

}  // namespace kefu::gateway
