#include "search.hpp"

#include "call.hpp"
#include "names.hpp"
#include "request_body.hpp"
#include "search_json.hpp"

#include <kefu/proto/subjects.hpp>

namespace kefu::gateway {

Task<Result<Reply>> SearchRoutes::search(RequestContext context, const Caller& caller,
                                         http::Exchange& exchange) {
  std::string kb = path_parameter(exchange, "kb");
  KEFU_CO_CHECK(check_kb_name(kb));
  KEFU_CO_TRY(const std::string body, co_await read_json_body(exchange, kMaxJsonBytes));
  KEFU_CO_TRY(kefu::v1::RetrieveRequest request, parse_search_request(body));
  request.set_kb(std::move(kb));
  request.set_key_id(caller.key_id);
  const std::string request_id = context.request_id;
  KEFU_CO_TRY(const auto response, co_await call<kefu::v1::RetrieveResponse>(
                                       bus_, proto::kRetrieve, std::move(context), std::move(request)));
  co_return json_reply(200, search_json(response, request_id));
}

}  // namespace kefu::gateway
