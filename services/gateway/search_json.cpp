#include "search_json.hpp"

#include "json_object.hpp"
#include "question.hpp"

#include <cmath>

namespace kefu::gateway {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kDefaultTopK = 5;

double rounded(float value) { return std::round(static_cast<double>(value) * 1e4) / 1e4; }

Json hit_json(const kefu::v1::Hit& hit) {
  const kefu::v1::Passage& passage = hit.passage();
  Json entry{{"document", passage.document_id()},
             {"title", passage.title()},
             {"heading", passage.heading()},
             {"passage", passage.ordinal()},
             {"text", passage.text()}};
  if (!passage.answer().empty()) entry["answer"] = passage.answer();
  entry["scores"] = {
      {"dense", rounded(hit.dense())}, {"lexical", rounded(hit.lexical())}, {"fused", rounded(hit.fused())}};
  return entry;
}

}  // namespace

Result<kefu::v1::RetrieveRequest> parse_search_request(std::string_view body) {
  KEFU_TRY(const JsonObject object, JsonObject::parse(body));
  KEFU_CHECK(object.allow_only({"question", "top_k"}));
  KEFU_TRY(std::string question, object.required_string("question"));
  KEFU_CHECK(validate_question(question));
  KEFU_TRY(const std::optional<std::int64_t> top_k, object.optional_integer("top_k", 1, kMaxTopK));
  kefu::v1::RetrieveRequest request;
  request.set_question(std::move(question));
  request.set_top_k(static_cast<std::uint32_t>(top_k.value_or(kDefaultTopK)));
  return request;
}

std::string search_json(const kefu::v1::RetrieveResponse& response, const std::string& request_id) {
  Json hits = Json::array();
  for (const kefu::v1::Hit& hit : response.hits()) hits.push_back(hit_json(hit));
  Json body{{"hits", std::move(hits)},
            {"usage",
             {{"embedding_tokens", response.usage().embedding_tokens()},
              {"saved_tokens", response.usage().saved_tokens()}}}};
  if (response.lexical_only())
    body["degraded"] = "searched by words alone: the embedding service did not answer";
  body["request_id"] = request_id;
  return body.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace kefu::gateway
