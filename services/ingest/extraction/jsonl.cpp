#include "jsonl.hpp"

#include "cells.hpp"
#include "faq_collector.hpp"
#include "plain_text.hpp"

#include <nlohmann/json.hpp>

#include <expected>
#include <optional>
#include <string>
#include <utility>

namespace kefu::ingest {
namespace {

using nlohmann::json;

/// Why a field of a row cannot be used.
struct Complaint {
  std::string field;
  std::string reason;
};
template <class T>
using Checked = std::expected<T, Complaint>;

/// The text of a field, trimmed; empty when it is absent or null. A whole number is a fine id.
Checked<std::string> text_of(const json& row, const char* field) {
  const auto found = row.find(field);
  if (found == row.end() || found->is_null()) return std::string();
  if (found->is_number_integer()) return found->dump();
  if (!found->is_string()) {
    return std::unexpected(
        Complaint{field, std::string("the ") + field + " must be a text, not " + found->type_name()});
  }
  return with_plain_line_ends(trim(found->get_ref<const std::string&>()));
}

Checked<std::vector<std::string>> similar_of(const json& row) {
  const auto found = row.find("similar");
  if (found == row.end() || found->is_null()) return std::vector<std::string>();
  if (found->is_string()) return split_phrasings(found->get_ref<const std::string&>());
  const Complaint wrong{"similar", "similar must be a list of texts, or one text"};
  if (!found->is_array()) return std::unexpected(wrong);
  std::vector<std::string> phrasings;
  for (const json& phrasing : *found) {
    if (!phrasing.is_string()) return std::unexpected(wrong);
    phrasings.emplace_back(trim(phrasing.get_ref<const std::string&>()));
  }
  return phrasings;
}

Checked<extraction::FaqRow> to_faq_row(const json& row, std::uint32_t number) {
  extraction::FaqRow out;
  out.set_row(number);
  KEFU_TRY(*out.mutable_id(), text_of(row, "id"));
  KEFU_TRY(*out.mutable_question(), text_of(row, "question"));
  KEFU_TRY(*out.mutable_answer(), text_of(row, "answer"));
  KEFU_TRY(*out.mutable_category(), text_of(row, "category"));
  KEFU_TRY(const auto similar, similar_of(row));
  out.mutable_similar()->Assign(similar.begin(), similar.end());
  return out;
}

Checked<extraction::Document> to_document(const json& row, std::uint32_t number) {
  extraction::Document out;
  out.set_row(number);
  KEFU_TRY(*out.mutable_id(), text_of(row, "id"));
  if (out.id().empty()) return std::unexpected(Complaint{"id", "the id is missing"});
  KEFU_TRY(*out.mutable_title(), text_of(row, "title"));
  if (out.title().empty()) out.set_title(out.id());
  KEFU_TRY(const std::string text, text_of(row, "text"));
  if (text.empty()) return std::unexpected(Complaint{"text", "the text is empty"});
  add_paragraphs(text, out);
  return out;
}

/// Why the line is no object, without the parser's internal names.
Checked<json> parse_object(std::string_view line) {
  try {
    json row = json::parse(line);
    if (row.is_object()) return row;
    return std::unexpected(
        Complaint{"", std::string("every line must be a JSON object, this is ") + row.type_name()});
  } catch (const json::parse_error& error) {
    return std::unexpected(
        Complaint{"", "malformed JSON at byte " + std::to_string(error.byte) + " of the line"});
  } catch (const json::out_of_range&) {
    return std::unexpected(Complaint{"", "malformed JSON: a number is out of range"});
  }
}

class JsonlExtraction {
 public:
  explicit JsonlExtraction(ExtractionSink& sink) : sink_(sink), rows_(sink) {}

  void take(std::string_view line, std::uint32_t number) {
    if (auto complaint = try_take(line, number)) sink_.reject(number, complaint->field, complaint->reason);
  }

 private:
  std::optional<Complaint> try_take(std::string_view line, std::uint32_t number) {
    const auto row = parse_object(line);
    if (!row) return row.error();
    if (!row->contains("text") && !row->contains("question")) {
      return Complaint{"", "the row has neither a question (FAQ) nor a text (document)"};
    }
    if (!row->contains("text")) {
      auto faq = to_faq_row(*row, number);
      if (!faq) return faq.error();
      rows_.add(std::move(*faq));
      return std::nullopt;
    }
    auto document = to_document(*row, number);
    if (!document) return document.error();
    if (rows_.claim_id(number, document->id())) sink_.take(std::move(*document));
    return std::nullopt;
  }

  ExtractionSink& sink_;
  FaqCollector rows_;
};

}  // namespace

Result<> extract_jsonl(std::string_view text, std::size_t offset, ExtractionSink& sink) {
  JsonlExtraction extraction(sink);
  std::uint32_t number = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    ++number;
    if (const auto bad_bytes = undecodable(line, offset + begin)) {
      sink.reject(number, "", *bad_bytes);
    } else if (!trim(line).empty()) {
      extraction.take(line, number);
    }
    begin = end + 1;
  }
  return {};
}

}  // namespace kefu::ingest
