#include "row_edit.hpp"

#include <kefu/text/normalize.hpp>

#include <nlohmann/json.hpp>

#include <array>
#include <unordered_set>
#include <utility>

namespace kefu::ingest {
namespace {

using kefu::v1::RowEdit;
using nlohmann::json;

bool is_faq(const Row& row, const RowEdit& edit) {
  if (row.passages.empty()) return !edit.has_text();
  return row.passages.front().kind() == kefu::v1::PASSAGE_KIND_FAQ;
}

/// The first field of the edit that only the other kind of row has; empty when there is none.
std::string_view foreign_field(const RowEdit& edit, bool faq) {
  using Field = std::pair<std::string_view, bool>;
  const std::array<Field, 4> of_faq{Field{"question", edit.has_question()},
                                    Field{"answer", edit.has_answer()}, Field{"similar", edit.has_similar()},
                                    Field{"category", edit.has_category()}};
  const std::array<Field, 3> of_documents{Field{"title", edit.has_title()}, Field{"text", edit.has_text()},
                                          Field{"url", edit.has_url()}};
  const auto first = [](const auto& fields) {
    for (const auto& [name, given] : fields) {
      if (given) return name;
    }
    return std::string_view();
  };
  return faq ? first(of_documents) : first(of_faq);
}

/// The id that the file gave; the filename stands where it gave none.
std::string id_of(const Row& row, std::string_view filename) {
  const std::string& id = row.passages.front().document_id();
  return id == filename ? std::string() : id;
}

json faq_line(const Row& row, const RowEdit& edit, std::string_view filename) {
  json line = json::object();
  if (!row.passages.empty()) {
    const kefu::v1::Passage& first = row.passages.front();
    line["id"] = id_of(row, filename);
    line["question"] = first.title();
    line["answer"] = first.answer();
    line["category"] = first.category();
    line["similar"] = json::array();
    for (const kefu::v1::Passage& passage : row.passages) {
      if (passage.text() != first.title()) line["similar"].push_back(passage.text());
    }
  }
  if (edit.has_question()) line["question"] = edit.question();
  if (edit.has_answer()) line["answer"] = edit.answer();
  if (edit.has_category()) line["category"] = edit.category();
  if (edit.has_similar()) line["similar"] = edit.similar().questions();
  if (!line.contains("question")) line["question"] = "";  // or it would be no FAQ row
  return line;
}

json document_line(const Row& row, const RowEdit& edit, std::string_view filename) {
  json line = json::object();
  if (!row.passages.empty()) {
    const kefu::v1::Passage& first = row.passages.front();
    line = {
        {"id", id_of(row, filename)}, {"title", first.title()}, {"url", first.url()}, {"text", first.text()}};
  }
  if (edit.has_title()) line["title"] = edit.title();
  if (edit.has_url()) line["url"] = edit.url();
  if (edit.has_text()) line["text"] = edit.text();
  return line;
}

/// A file's doubles are left out; whoever edits one row is told.
Result<> check_phrasings(const json& line, std::uint32_t row, std::string_view filename) {
  std::unordered_set<std::string> seen{text::normalize(line["question"].get<std::string>())};
  if (!line.contains("similar")) return {};
  for (const json& phrasing : line["similar"]) {
    const std::string text = text::normalize(phrasing.get<std::string>());
    if (text.empty()) {
      return fail(Errc::invalid_argument, about_row(filename, row, "similar", "a similar question is empty"));
    }
    if (!seen.insert(text).second) {
      return fail(Errc::invalid_argument, about_row(filename, row, "similar",
                                                    "\"" + phrasing.get<std::string>() +
                                                        "\" says the same as another phrasing of this row"));
    }
  }
  return {};
}

}  // namespace

std::string about_row(std::string_view filename, std::uint32_t row, std::string_view field,
                      std::string_view reason) {
  std::string sentence = "\"" + std::string(filename) + "\", row " + std::to_string(row);
  if (!field.empty()) sentence += ", " + std::string(field);
  return sentence + ": " + std::string(reason);
}

bool keeps_passages(const Row& row, const RowEdit& edit) { return !is_faq(row, edit) && !edit.has_text(); }

Result<std::string> edited_line(const Row& row, const RowEdit& edit, std::string_view filename) {
  const bool faq = is_faq(row, edit);
  if (const std::string_view field = foreign_field(edit, faq); !field.empty()) {
    return fail(Errc::invalid_argument,
                about_row(filename, row.number, field,
                          faq ? "this is an FAQ row, which has question, answer, similar, category and id"
                              : "this is a document, which has id, title, text and url"));
  }
  json line = faq ? faq_line(row, edit, filename) : document_line(row, edit, filename);
  if (edit.has_id()) line["id"] = edit.id();
  if (faq) KEFU_CHECK(check_phrasings(line, row.number, filename));
  return line.dump() + "\n";
}

}  // namespace kefu::ingest
