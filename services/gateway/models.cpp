#include "models.hpp"

#include "call.hpp"
#include "json_text.hpp"
#include "names.hpp"

#include <kefu/proto/subjects.hpp>

#include <chrono>
#include <utility>

namespace kefu::gateway {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::ordered_json;

/// A list without the embedding model is better than none.
constexpr auto kModelTime = 1s;

Json model_json(const std::string& id, std::int64_t created_unix_ms, const char* owner) {
  return {{"id", id}, {"object", "model"}, {"created", created_unix_ms / 1000}, {"owned_by", owner}};
}

Json model_json(const kefu::v1::KnowledgeBase& kb) {
  return model_json(kb.name(), kb.created_unix_ms(), "kefu");
}

/// Nobody knows when it was made.
Json model_json(const kefu::v1::GetModelResponse& model) {
  return model_json(model.model(), 0, "kefu-embedding");
}

}  // namespace

Task<Result<kefu::v1::GetModelResponse>> ModelRoutes::embedding_model(RequestContext context) {
  return call<kefu::v1::GetModelResponse>(bus_, proto::kGetModel, context.at_most(kModelTime),
                                          kefu::v1::GetModelRequest{});
}

Task<Result<Reply>> ModelRoutes::list(RequestContext context, const Caller& caller) {
  KEFU_CO_TRY(const auto response,
              co_await call<kefu::v1::ListKnowledgeBasesResponse>(bus_, proto::kListKnowledgeBases, context,
                                                                  kefu::v1::ListKnowledgeBasesRequest{}));
  Json models = Json::array();
  for (const auto& listed : response.knowledge_bases()) {
    if (caller.may_use(listed.knowledge_base().name())) models.push_back(model_json(listed.knowledge_base()));
  }
  const auto embedding = co_await embedding_model(std::move(context));
  if (embedding) models.push_back(model_json(*embedding));
  co_return json_reply(200, json_text({{"object", "list"}, {"data", std::move(models)}}));
}

Task<Result<Reply>> ModelRoutes::get(RequestContext context, const Caller& caller, http::Exchange& exchange) {
  const std::string name = path_parameter(exchange, "model");
  const auto embedding = co_await embedding_model(context);
  if (embedding && embedding->model() == name) co_return json_reply(200, json_text(model_json(*embedding)));
  KEFU_CO_CHECK(validate_name("the model's name", name, 128));  // the other may be `BAAI/bge-m3`
  KEFU_CO_CHECK(caller.check(name));
  kefu::v1::GetKnowledgeBaseRequest request;
  request.set_name(name);
  const auto found = co_await call<kefu::v1::GetKnowledgeBaseResponse>(
      bus_, proto::kGetKnowledgeBase, std::move(context), std::move(request));
  if (!found && found.error().code == Errc::not_found)
    co_return fail(Errc::not_found, "there is no model \"" + name + "\"");
  KEFU_CO_CHECK(found);
  co_return json_reply(200, json_text(model_json(found->knowledge_base())));
}

}  // namespace kefu::gateway
