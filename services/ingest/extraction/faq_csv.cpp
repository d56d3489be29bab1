#include "faq_csv.hpp"

#include "cells.hpp"
#include "csv_reader.hpp"
#include "faq_fields.hpp"
#include "row_collector.hpp"

#include <kefu/text/utf8.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kefu::ingest {
namespace {

// Of the header's titles that a complaint repeats.
constexpr std::size_t kMaxTitleBytes = 100;
constexpr std::array<char, 3> kSeparators{',', ';', '\t'};

/// What each column holds; nullopt: nothing of interest.
using Columns = std::vector<std::optional<FaqField>>;

Result<Columns> read_header(const std::vector<std::string>& titles) {
  Columns columns;
  for (const std::string& title : titles) {
    const auto field = faq_field_named(title);
    if (field && std::ranges::find(columns, field) != columns.end()) {
      return fail(Errc::invalid_argument, "the header names two columns for " + std::string(name_of(*field)) +
                                              ", the second is \"" +
                                              std::string(text::truncate_utf8(title, kMaxTitleBytes)) + "\"");
    }
    columns.push_back(field);
  }
  for (const auto& [field, names] :
       {std::pair(FaqField::question, "question or 问题"), std::pair(FaqField::answer, "answer or 答案")}) {
    if (std::ranges::find(columns, std::optional(field)) == columns.end()) {
      return fail(Errc::invalid_argument, std::string("the first line must name the columns, separated by "
                                                      "commas, semicolons or tabs; none is named ") +
                                              names);
    }
  }
  return columns;
}

bool is_blank(const std::vector<std::string>& fields) {
  return std::ranges::all_of(fields, [](const std::string& field) { return trim(field).empty(); });
}

/// The first line of some tables tells spreadsheet programs the separator ("sep=;") and is no row.
std::optional<char> stated_separator(std::string_view text) {
  const std::string_view line = trim(text.substr(0, text.find_first_of("\r\n")));
  return line.size() == 5 && line.starts_with("sep=") ? std::optional(line[4]) : std::nullopt;
}

/// Reads the rows of one table that has its header behind it.
class Rows {
 public:
  Rows(const DecodedText& text, ExtractionSink& sink) : text_(text), sink_(sink), collector_(sink) {}

  Result<> read() {
    KEFU_TRY(CsvReader reader, read_to_header());
    while (auto record = reader.next()) take(std::move(*record));
    if (rows_ > 0) return {};
    return fail(Errc::invalid_argument, "the file has a header and no rows");
  }

 private:
  /// The error is that of the separator which people expect.
  Result<CsvReader> read_to_header() {
    const auto stated = stated_separator(text_.text());
    if (stated) return read_to_header(*stated);
    auto reader = read_to_header(kSeparators.front());
    for (std::size_t i = 1; !reader && i < kSeparators.size(); ++i) {
      auto other = read_to_header(kSeparators[i]);
      if (other) return other;
    }
    return reader;
  }

  Result<CsvReader> read_to_header(char separator) {
    CsvReader reader(text_.text(), separator);
    if (stated_separator(text_.text())) (void)reader.next();
    while (const auto record = reader.next()) {
      if (!*record) return fail(Errc::invalid_argument, "the header cannot be read: " + record->error());
      if (is_blank((*record)->fields)) continue;
      if (auto bad_byte = text_.complaint((*record)->raw))
        return fail(Errc::invalid_argument, "the header cannot be read: " + *bad_byte);
      KEFU_TRY(columns_, read_header((*record)->fields));
      return reader;
    }
    return fail(Errc::invalid_argument, "the file is empty");
  }

  void take(std::expected<CsvReader::Record, std::string> record) {
    ++number_;
    if (record && is_blank(record->fields)) return;  // spreadsheets end in them
    ++rows_;
    if (!record) {
      sink_.reject(number_, "", std::move(record).error());
    } else if (auto bad_byte = text_.complaint(record->raw)) {
      sink_.reject(number_, undecodable_field(record->fields), std::move(*bad_byte));
    } else if (record->fields.size() != columns_.size()) {
      sink_.reject(number_, missing_field(record->fields.size()),
                   "the row has " + std::to_string(record->fields.size()) + " columns and the header " +
                       std::to_string(columns_.size()));
    } else {
      collector_.add(to_row(record->fields));
    }
  }

  /// Empty for a column that is passed over.
  std::string field_in(std::size_t column) const {
    return column < columns_.size() && columns_[column] ? std::string(name_of(*columns_[column])) : "";
  }

  std::string undecodable_field(const std::vector<std::string>& fields) const {
    const auto is_bad = [](const std::string& field) { return !text::validate_utf8(field); };
    return field_in(static_cast<std::size_t>(std::ranges::find_if(fields, is_bad) - fields.begin()));
  }

  /// The first one behind the end of a row that is too short; of one that is too long nobody knows.
  std::string missing_field(std::size_t cells) const {
    while (cells < columns_.size() && !columns_[cells]) ++cells;
    return field_in(cells);
  }

  extraction::FaqRow to_row(const std::vector<std::string>& fields) const {
    extraction::FaqRow row;
    row.set_row(number_);
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (columns_[i]) set_field(row, *columns_[i], with_plain_line_ends(trim(fields[i])));
    }
    return row;
  }

  static void set_field(extraction::FaqRow& row, FaqField field, std::string value) {
    switch (field) {
      case FaqField::question:
        return row.set_question(std::move(value));
      case FaqField::answer:
        return row.set_answer(std::move(value));
      case FaqField::category:
        return row.set_category(std::move(value));
      case FaqField::id:
        return row.set_id(std::move(value));
      case FaqField::similar:
        for (std::string& phrasing : split_phrasings(value)) row.add_similar(std::move(phrasing));
    }
  }

  const DecodedText& text_;
  ExtractionSink& sink_;
  RowCollector collector_;
  Columns columns_;
  std::uint32_t number_ = 0;  // of the row, blank ones counted
  std::uint32_t rows_ = 0;    // that are not blank
};

}  // namespace

Result<> extract_faq_csv(const DecodedText& text, ExtractionSink& sink) { return Rows(text, sink).read(); }

}  // namespace kefu::ingest
