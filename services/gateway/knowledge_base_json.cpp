#include "knowledge_base_json.hpp"

#include "json_object.hpp"
#include "json_text.hpp"

#include <kefu/text/utf8.hpp>

#include <fmt/format.h>

namespace kefu::gateway {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxDescriptionCodePoints = 1000;

Json object_of(const kefu::v1::KnowledgeBase& knowledge_base) {
  return {{"name", knowledge_base.name()},
          {"description", knowledge_base.description()},
          {"created_at", time_text(knowledge_base.created_unix_ms())}};
}

Json object_of(const kefu::v1::GetKnowledgeBaseResponse& response) {
  Json object = object_of(response.knowledge_base());
  object["documents"] = response.documents();
  object["passages"] = response.passages();
  return object;
}

}  // namespace

Result<kefu::v1::PutKnowledgeBaseRequest> parse_put_request(std::string_view body) {
  kefu::v1::PutKnowledgeBaseRequest request;
  if (body.empty()) return request;
  KEFU_TRY(const JsonObject object, JsonObject::parse(body));
  KEFU_CHECK(object.allow_only({"description"}));
  KEFU_TRY(std::optional<std::string> description, object.optional_string("description"));
  if (description && text::count_code_points(*description) > kMaxDescriptionCodePoints) {
    return fail(Errc::invalid_argument,
                fmt::format("field \"description\" has more than {} characters", kMaxDescriptionCodePoints));
  }
  request.set_description(std::move(description).value_or(""));
  return request;
}

std::string knowledge_base_json(const kefu::v1::KnowledgeBase& knowledge_base) {
  return json_text(object_of(knowledge_base));
}

std::string knowledge_base_json(const kefu::v1::GetKnowledgeBaseResponse& response) {
  return json_text(object_of(response));
}

std::string knowledge_bases_json(const kefu::v1::ListKnowledgeBasesResponse& response) {
  Json array = Json::array();
  for (const auto& entry : response.knowledge_bases()) array.push_back(object_of(entry));
  return json_text(Json{{"knowledge_bases", std::move(array)}});
}

}  // namespace kefu::gateway
