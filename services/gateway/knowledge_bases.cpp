#include "knowledge_bases.hpp"

#include "call.hpp"
#include "knowledge_base_json.hpp"
#include "names.hpp"
#include "request_body.hpp"

#include <kefu/proto/subjects.hpp>

#include <algorithm>

namespace kefu::gateway {

Task<Result<Reply>> KnowledgeBaseRoutes::list(RequestContext context, const Caller& caller) {
  KEFU_CO_TRY(auto response, co_await call<kefu::v1::ListKnowledgeBasesResponse>(
                                 bus_, proto::kListKnowledgeBases, std::move(context),
                                 kefu::v1::ListKnowledgeBasesRequest{}));
  auto& listed = *response.mutable_knowledge_bases();
  const auto hidden = std::remove_if(listed.begin(), listed.end(), [&](const auto& listed_kb) {
    return !caller.may_use(listed_kb.knowledge_base().name());
  });
  listed.erase(hidden, listed.end());
  co_return json_reply(200, knowledge_bases_json(response));
}

Task<Result<Reply>> KnowledgeBaseRoutes::put(RequestContext context, http::Exchange& exchange) {
  std::string name = path_parameter(exchange, "kb");
  KEFU_CO_CHECK(check_kb_name(name));
  KEFU_CO_TRY(const std::string body, co_await read_optional_json_body(exchange, kMaxJsonBytes));
  KEFU_CO_TRY(kefu::v1::PutKnowledgeBaseRequest request, parse_put_request(body));
  request.set_name(std::move(name));
  KEFU_CO_TRY(const auto response,
              co_await call<kefu::v1::PutKnowledgeBaseResponse>(bus_, proto::kPutKnowledgeBase,
                                                                std::move(context), std::move(request)));
  co_return json_reply(response.created() ? 201 : 200, knowledge_base_json(response.knowledge_base()));
}

Task<Result<Reply>> KnowledgeBaseRoutes::get(RequestContext context, http::Exchange& exchange) {
  kefu::v1::GetKnowledgeBaseRequest request;
  request.set_name(path_parameter(exchange, "kb"));
  KEFU_CO_CHECK(check_kb_name(request.name()));
  KEFU_CO_TRY(const auto response,
              co_await call<kefu::v1::GetKnowledgeBaseResponse>(bus_, proto::kGetKnowledgeBase,
                                                                std::move(context), std::move(request)));
  co_return json_reply(200, knowledge_base_json(response));
}

Task<Result<Reply>> KnowledgeBaseRoutes::remove(RequestContext context, http::Exchange& exchange) {
  kefu::v1::DeleteKnowledgeBaseRequest request;
  request.set_name(path_parameter(exchange, "kb"));
  KEFU_CO_CHECK(check_kb_name(request.name()));
  KEFU_CO_CHECK(co_await call<kefu::v1::DeleteKnowledgeBaseResponse>(bus_, proto::kDeleteKnowledgeBase,
                                                                     std::move(context), std::move(request)));
  co_return http::Response{.status = 204};
}

}  // namespace kefu::gateway
