#include "jobs.hpp"

#include "call.hpp"
#include "job_json.hpp"

#include <kefu/proto/subjects.hpp>

namespace kefu::gateway {

Task<Result<Reply>> JobRoutes::get(RequestContext context, const Caller& caller, http::Exchange& exchange) {
  KEFU_CO_TRY(const std::uint64_t job, parse_job_id(path_parameter(exchange, "job")));
  kefu::v1::GetJobRequest request;
  request.set_job(job);
  KEFU_CO_TRY(const auto response, co_await call<kefu::v1::GetJobResponse>(
                                       bus_, proto::kGetJob, std::move(context), std::move(request)));
  KEFU_CO_CHECK(caller.check(response.state().kb_name()));
  co_return json_reply(200, job_json(response.state()));
}

}  // namespace kefu::gateway
