#include "document_json.hpp"

#include "json_text.hpp"

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace kefu::gateway {
namespace {

using Json = nlohmann::ordered_json;
using kefu::v1::Passage;

using Row = std::vector<const Passage*>;

Json summary_json(const kefu::v1::DocumentSummary& document) {
  return {{"filename", document.filename()},         {"version", document.version()},
          {"passages", document.passages()},         {"rows", document.rows()},
          {"content_type", document.content_type()}, {"bytes", document.file_bytes()},
          {"sha256", document.file_sha256()},        {"created_at", time_text(document.created_unix_ms())}};
}

std::vector<Row> rows_of(const kefu::v1::GetDocumentResponse& response) {
  std::vector<Row> rows;
  for (const Passage& passage : response.passages()) {
    if (rows.empty() || rows.back().front()->row() != passage.row()) rows.emplace_back();
    rows.back().push_back(&passage);
  }
  return rows;
}

void set_unless_empty(Json& object, const char* name, const std::string& value) {
  if (!value.empty()) object[name] = value;
}

/// The phrasings of its question, which all carry the main one as their title.
void add_faq(Json& object, const Row& row) {
  const Passage& first = *row.front();
  object["question"] = first.title();
  Json similar = Json::array();
  for (const Passage* passage : row) {
    if (passage->text() != first.title()) similar.push_back(passage->text());
  }
  object["similar"] = std::move(similar);
  object["answer"] = first.answer();
  set_unless_empty(object, "category", first.category());
  set_unless_empty(object, "url", first.url());
}

void add_text(Json& object, const Row& row) {
  set_unless_empty(object, "title", row.front()->title());
  set_unless_empty(object, "url", row.front()->url());
  Json passages = Json::array();
  for (const Passage* passage : row) {
    passages.push_back(
        {{"passage", passage->ordinal()}, {"heading", passage->heading()}, {"text", passage->text()}});
  }
  object["passages"] = std::move(passages);
}

Json row_json(const Row& row, const std::string& filename) {
  const Passage& first = *row.front();
  Json object{{"row", first.row()}};
  if (first.document_id() != filename) set_unless_empty(object, "id", first.document_id());
  if (first.kind() == kefu::v1::PASSAGE_KIND_FAQ) {
    add_faq(object, row);
  } else {
    add_text(object, row);
  }
  return object;
}

}  // namespace

std::string documents_json(const kefu::v1::ListDocumentsResponse& response) {
  Json documents = Json::array();
  for (const auto& document : response.documents()) documents.push_back(summary_json(document));
  Json body{{"documents", std::move(documents)}};
  if (response.more() && response.documents_size() > 0)
    body["next"] = response.documents(response.documents_size() - 1).filename();
  return json_text(body);
}

std::string document_json(const kefu::v1::GetDocumentResponse& response) {
  std::vector<Row> rows = rows_of(response);
  std::optional<std::uint32_t> next;
  if (response.more() && !rows.empty()) {
    const bool may_be_torn = rows.size() > 1;
    next = may_be_torn ? rows.back().front()->ordinal() : rows.back().back()->ordinal() + 1;
    if (may_be_torn) rows.pop_back();
  }
  Json array = Json::array();
  for (const Row& row : rows) array.push_back(row_json(row, response.document().filename()));
  Json body = summary_json(response.document());
  body["rows"] = std::move(array);
  if (next) body["next"] = *next;
  return json_text(body);
}

}  // namespace kefu::gateway
