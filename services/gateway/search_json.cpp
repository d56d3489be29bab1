#include "search_json.hpp"

#include "json_object.hpp"
#include "json_text.hpp"
#include "question.hpp"

#include <fmt/format.h>

#include <utility>

namespace kefu::gateway {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kDefaultTopK = 5;

constexpr std::size_t kMaxFilterValues = 100;

Json hit_json(const kefu::v1::Hit& hit) {
  const kefu::v1::Passage& passage = hit.passage();
  Json entry{{"document", passage.document_id()}, {"filename", hit.filename()},   {"title", passage.title()},
             {"heading", passage.heading()},      {"passage", passage.ordinal()}, {"text", passage.text()}};
  if (!passage.answer().empty()) entry["answer"] = passage.answer();
  if (!passage.category().empty()) entry["category"] = passage.category();
  if (!passage.url().empty()) entry["url"] = passage.url();
  entry["scores"] = {
      {"dense", rounded(hit.dense())}, {"lexical", rounded(hit.lexical())}, {"fused", rounded(hit.fused())}};
  return entry;
}

/// A list that is there and empty would match nothing, which nobody means.
Result<> read_list(const JsonObject& filter, const char* name,
                   google::protobuf::RepeatedPtrField<std::string>& out) {
  KEFU_TRY(std::optional<std::vector<std::string>> values, filter.optional_strings(name));
  if (!values) return {};
  if (values->empty() || values->size() > kMaxFilterValues) {
    return fail(Errc::invalid_argument,
                fmt::format("field \"{}\" must hold 1 to {} strings", filter.place(name), kMaxFilterValues));
  }
  for (std::string& value : *values) *out.Add() = std::move(value);
  return {};
}

Result<kefu::v1::PassageKind> parse_kind(const JsonObject& filter, const std::string& kind) {
  if (kind == "faq") return kefu::v1::PASSAGE_KIND_FAQ;
  if (kind == "text") return kefu::v1::PASSAGE_KIND_TEXT;
  return fail(Errc::invalid_argument,
              fmt::format("field \"{}\" must be \"faq\" or \"text\"", filter.place("kind")));
}

Result<> read_filter(const JsonObject& object, kefu::v1::RetrieveRequest& request) {
  KEFU_TRY(const std::optional<JsonObject> filter, object.optional_object("filter"));
  if (!filter) return {};
  KEFU_CHECK(filter->allow_only({"filename", "document", "category", "kind"}));
  kefu::v1::SearchFilter& out = *request.mutable_filter();
  KEFU_CHECK(read_list(*filter, "filename", *out.mutable_filenames()));
  KEFU_CHECK(read_list(*filter, "document", *out.mutable_documents()));
  KEFU_CHECK(read_list(*filter, "category", *out.mutable_categories()));
  google::protobuf::RepeatedPtrField<std::string> kinds;
  KEFU_CHECK(read_list(*filter, "kind", kinds));
  for (const std::string& kind : kinds) {
    KEFU_TRY(const kefu::v1::PassageKind parsed, parse_kind(*filter, kind));
    out.add_kinds(parsed);
  }
  return {};
}

}  // namespace

Result<kefu::v1::RetrieveRequest> parse_search_request(std::string_view body) {
  KEFU_TRY(const JsonObject object, JsonObject::parse(body));
  KEFU_CHECK(object.allow_only({"question", "top_k", "filter"}));
  KEFU_TRY(std::string question, object.required_string("question"));
  KEFU_CHECK(validate_question(question));
  KEFU_TRY(const std::optional<std::int64_t> top_k, object.optional_integer("top_k", 1, kMaxTopK));
  kefu::v1::RetrieveRequest request;
  KEFU_CHECK(read_filter(object, request));
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
  if (!response.degraded().empty()) {
    body["degraded"] = response.degraded();
  } else if (response.lexical_only()) {  // by a replica of answer that does not say why
    body["degraded"] = "searched by words alone: the embedding service did not answer";
  }
  body["request_id"] = request_id;
  return json_text(body);
}

}  // namespace kefu::gateway
