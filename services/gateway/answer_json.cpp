#include "answer_json.hpp"

#include "json_text.hpp"

#include <kefu/proto/decision.hpp>

#include <utility>

namespace kefu::gateway {

using Json = nlohmann::ordered_json;

Json sources_array(const google::protobuf::RepeatedPtrField<kefu::v1::Source>& sources) {
  Json array = Json::array();
  for (const kefu::v1::Source& source : sources) {
    Json entry{{"document", source.document()},   {"filename", source.filename()}, {"title", source.title()},
               {"heading", source.heading()},     {"passage", source.passage()},   {"text", source.text()},
               {"score", rounded(source.score())}};
    if (!source.url().empty()) entry["url"] = source.url();
    if (source.has_span()) entry["span"] = {{"begin", source.span().begin()}, {"end", source.span().end()}};
    array.push_back(std::move(entry));
  }
  return array;
}

Json judgement_json(const kefu::v1::Answer& answer) {
  Json object{{"decision", proto::decision_name(answer.decision())},
              {"confidence", rounded(answer.confidence())}};
  if (!answer.degraded().empty()) object["degraded"] = answer.degraded();
  if (!answer.searched().empty()) object["searched"] = answer.searched();
  return object;
}

}  // namespace kefu::gateway
