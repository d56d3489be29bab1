#include "jsonl.hpp"

#include "cells.hpp"
#include "faq_fields.hpp"
#include "plain_text.hpp"
#include "row_collector.hpp"

#include <kefu/text/normalize.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
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
Checked<std::string> text_of(const json* value, std::string_view field) {
  if (value == nullptr || value->is_null()) return std::string();
  if (value->is_number_integer()) return value->dump();
  if (!value->is_string()) {
    return std::unexpected(Complaint{
        std::string(field), "the " + std::string(field) + " must be a text, not " + value->type_name()});
  }
  return with_plain_line_ends(trim(value->get_ref<const std::string&>()));
}

Checked<std::vector<std::string>> similar_of(const json* value) {
  if (value == nullptr || value->is_null()) return std::vector<std::string>();
  if (value->is_string()) return split_phrasings(value->get_ref<const std::string&>());
  const Complaint wrong{"similar", "similar must be a list of texts, or one text"};
  if (!value->is_array()) return std::unexpected(wrong);
  std::vector<std::string> phrasings;
  for (const json& phrasing : *value) {
    if (!phrasing.is_string()) return std::unexpected(wrong);
    phrasings.push_back(with_plain_line_ends(trim(phrasing.get_ref<const std::string&>())));
  }
  return phrasings;
}

/// The values of an FAQ row by what they are, whichever names they have.
class FaqValues {
 public:
  static Checked<FaqValues> of(const json& row) {
    FaqValues values;
    for (const auto& [key, value] : row.items()) {
      const auto field = faq_field_named(key);
      if (!field) continue;
      const json*& place = values.places_[static_cast<std::size_t>(*field)];
      if (place != nullptr) {
        const std::string name(name_of(*field));
        return std::unexpected(Complaint{name, "two keys of the row stand for the " + name});
      }
      place = &value;
    }
    return values;
  }

  const json* operator[](FaqField field) const { return places_[static_cast<std::size_t>(field)]; }
  Checked<std::string> text(FaqField field) const { return text_of((*this)[field], name_of(field)); }

 private:
  std::array<const json*, kFaqFields> places_{};
};

Checked<extraction::FaqRow> to_faq_row(const FaqValues& values, std::uint32_t number) {
  extraction::FaqRow out;
  out.set_row(number);
  KEFU_TRY(*out.mutable_id(), values.text(FaqField::id));
  KEFU_TRY(*out.mutable_question(), values.text(FaqField::question));
  KEFU_TRY(*out.mutable_answer(), values.text(FaqField::answer));
  KEFU_TRY(*out.mutable_category(), values.text(FaqField::category));
  KEFU_TRY(const auto similar, similar_of(values[FaqField::similar]));
  out.mutable_similar()->Assign(similar.begin(), similar.end());
  return out;
}

/// An address that a reader's browser can open, as far as its form tells.
bool is_web_address(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return false;
  std::string name(url.substr(0, scheme));
  std::ranges::transform(name, name.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  if (name != "http" && name != "https") return false;
  const std::string_view rest = url.substr(scheme + 3);
  const std::size_t host = std::min(rest.find_first_of("/?#"), rest.size());
  const auto is_forbidden = [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '<' || c == '>' || c == '\\' || c == 0x7F;
  };
  return host > 0 && rest[0] != ':' && rest[0] != '@' && std::ranges::none_of(url, is_forbidden);
}

Checked<extraction::Document> to_document(const json& row, std::uint32_t number) {
  const auto text_in = [&](const char* field) {
    const auto found = row.find(field);
    return text_of(found == row.end() ? nullptr : &*found, field);
  };
  extraction::Document out;
  out.set_row(number);
  KEFU_TRY(*out.mutable_id(), text_in("id"));
  if (out.id().empty()) return std::unexpected(Complaint{"id", "the id is missing"});
  KEFU_TRY(*out.mutable_title(), text_in("title"));
  if (text::is_blank(out.title())) out.set_title(out.id());
  KEFU_TRY(*out.mutable_url(), text_in("url"));
  if (!out.url().empty() && !is_web_address(out.url())) {
    return std::unexpected(Complaint{"url", "the url must begin with http:// or https:// and name a host"});
  }
  KEFU_TRY(const std::string text, text_in("text"));
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
    if (row->contains("text")) {
      auto document = to_document(*row, number);
      if (!document) return document.error();
      rows_.add(std::move(*document));
      return std::nullopt;
    }
    const auto values = FaqValues::of(*row);
    if (!values) return values.error();
    if ((*values)[FaqField::question] == nullptr) {
      return Complaint{"", "the row has neither a question (FAQ) nor a text (document)"};
    }
    auto faq = to_faq_row(*values, number);
    if (!faq) return faq.error();
    rows_.add(std::move(*faq));
    return std::nullopt;
  }

  ExtractionSink& sink_;
  RowCollector rows_;
};

}  // namespace

Result<> extract_jsonl(const DecodedText& text, ExtractionSink& sink) {
  JsonlExtraction extraction(sink);
  std::uint32_t number = 0;
  for (std::string_view rest = text.text(); !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    ++number;
    if (auto bad_byte = text.complaint(line)) {
      sink.reject(number, "", std::move(*bad_byte));
    } else if (!trim(line).empty()) {
      extraction.take(line, number);
    }
  }
  return {};
}

}  // namespace kefu::ingest
